// JScript inside the installer. Before a secret is replaced, what was there is put beside it, so that a failed
// installation leaves the old one: ".old" is the old file, ".none" says that there was none.
var files = new ActiveXObject("Scripting.FileSystemObject");

function remove(path) {
  if (files.FileExists(path)) files.DeleteFile(path, true);
}

// Writes what stands behind the bar to the file whose path stands before it.
function write() {
  var data = Session.Property("CustomActionData"), bar = data.indexOf("|"), path = data.substr(0, bar);
  var secret = data.substr(bar + 1);
  // It would be written in the code page of the machine.
  if (/[^\x20-\x7e]/.test(secret)) {
    throw new Error("a secret with characters beyond ASCII must be given in a file: PROPERTY_FILE=C:\\secret.txt");
  }
  keepOf(path);
  if (files.FileExists(path)) files.MoveFile(path, path + ".old");
  else files.CreateTextFile(path + ".none", true).Close();
  var file = files.CreateTextFile(path, true);
  file.Write(secret);
  file.Close();
  return 1;
}

function undo() {
  var path = Session.Property("CustomActionData");
  if (files.FileExists(path + ".old")) {
    remove(path);
    files.MoveFile(path + ".old", path);
  } else if (files.FileExists(path + ".none")) {
    remove(path);
    remove(path + ".none");
  }
  return 1;
}

function keepOf(path) {
  remove(path + ".old");
  remove(path + ".none");
}

function keep() {
  keepOf(Session.Property("CustomActionData"));
  return 1;
}
