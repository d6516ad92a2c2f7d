"""Takes an Alpine package apart with another implementation of every layer."""
import hashlib, io, sys, tarfile, zlib
raw = open(sys.argv[1], "rb").read()
members, rest = [], raw
while rest:
    stream = zlib.decompressobj(31)
    content = stream.decompress(rest) + stream.flush()
    assert stream.eof
    members.append((rest[:len(rest) - len(stream.unused_data)], content))
    rest = stream.unused_data
assert len(members) == 2, len(members)
(_, control), (packed, data) = members
assert control[-512:] != bytes(512), "the control segment has no end"
assert data[-1024:] == bytes(1024), "the data segment has an end"
assert len(control) % 512 == 0
info = tarfile.open(fileobj=io.BytesIO(control + bytes(1024)))
assert info.getnames()[0] == ".PKGINFO", info.getnames()
text = info.extractfile(".PKGINFO").read().decode()
fields = dict(line.split(" = ", 1) for line in text.splitlines())
assert fields["datahash"] == hashlib.sha256(packed).hexdigest()
for member in info.getmembers()[1:]:
    assert member.mode == 0o755 and info.extractfile(member).read().startswith(b"#!/bin/sh\n")
total = 0
for member in tarfile.open(fileobj=io.BytesIO(data)):
    checksum = member.pax_headers.get("APK-TOOLS.checksum.SHA1")
    if member.isfile():
        content = tarfile.open(fileobj=io.BytesIO(data)).extractfile(member.name).read()
        total += len(content)
        assert checksum == hashlib.sha1(content).hexdigest(), member.name
    elif member.issym():
        assert checksum == hashlib.sha1(member.linkname.encode()).hexdigest(), member.name
    assert not member.name.startswith(("/", ".")), member.name
    assert member.mtime == 1700000000
assert int(fields["size"]) == total
# All segments joined are one archive.
assert ".PKGINFO" in tarfile.open(fileobj=io.BytesIO(control + data)).getnames()
assert "usr/bin/demo" in tarfile.open(fileobj=io.BytesIO(control + data)).getnames()
print("verified")
