/* The program `beacon` as a service of Windows. */
#include <stdio.h>
#include <string.h>
#include <winsock2.h>
#include <windows.h>

/* What it does wrong: a test writes `mode=idle` (moves nothing) or `mode=lose` (forgets its work) over this. */
static volatile char mode[] = "mode=none";

static SERVICE_STATUS_HANDLE handle;
static SERVICE_STATUS status = {SERVICE_WIN32_OWN_PROCESS, SERVICE_START_PENDING, SERVICE_ACCEPT_STOP, 0, 0, 0, 0};
static volatile LONG stopped;
static char state[MAX_PATH] = "C:\\ProgramData\\beacon\\state";
static unsigned short port;

static void tell(DWORD now, DWORD code) {
    status.dwCurrentState = now;
    status.dwWin32ExitCode = code;
    SetServiceStatus(handle, &status);
}

static void WINAPI control(DWORD code) {
    if (code == SERVICE_CONTROL_STOP) {
        tell(SERVICE_STOP_PENDING, 0);
        InterlockedExchange(&stopped, 1);
    }
}

/* Moves what waits, or deletes it. */
static void each(BOOL move) {
    WIN32_FIND_DATAA found;
    char from[2 * MAX_PATH], to[2 * MAX_PATH];
    HANDLE search;
    snprintf(from, sizeof from, "%s\\in\\*", state);
    search = FindFirstFileA(from, &found);
    if (search == INVALID_HANDLE_VALUE) return;
    do {
        if (found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) continue;
        snprintf(from, sizeof from, "%s\\in\\%s", state, found.cFileName);
        snprintf(to, sizeof to, "%s\\out\\%s", state, found.cFileName);
        if (move) MoveFileExA(from, to, MOVEFILE_REPLACE_EXISTING);
        else DeleteFileA(from);
    } while (FindNextFileA(search, &found));
    FindClose(search);
}

static void answer(SOCKET server) {
    char request[4096], text[512], greeting[256] = "nobody told me what to say";
    fd_set set;
    struct timeval pause = {0, 100000};
    SOCKET client;
    FD_ZERO(&set);
    FD_SET(server, &set);
    if (select(0, &set, NULL, NULL, &pause) <= 0) return;
    client = accept(server, NULL, NULL);
    if (client == INVALID_SOCKET) return;
    recv(client, request, sizeof request, 0);
    GetEnvironmentVariableA("BEACON_GREETING", greeting, sizeof greeting);
    snprintf(text, sizeof text, "HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s", (int)strlen(greeting), greeting);
    send(client, text, (int)strlen(text), 0);
    closesocket(client);
}

static void WINAPI run(DWORD count, LPSTR *arguments) {
    char path[2 * MAX_PATH];
    struct sockaddr_in address = {0};
    WSADATA data;
    SOCKET server;
    (void)count;
    handle = RegisterServiceCtrlHandlerA(arguments[0], control);
    GetEnvironmentVariableA("STATE_DIRECTORY", state, sizeof state);
    snprintf(path, sizeof path, "%s\\in", state);
    CreateDirectoryA(path, NULL);
    snprintf(path, sizeof path, "%s\\out", state);
    CreateDirectoryA(path, NULL);
    if (mode[5] == 'l') each(FALSE);

    WSAStartup(MAKEWORD(2, 2), &data);
    server = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(server, (struct sockaddr *)&address, sizeof address) || listen(server, 5)) {
        tell(SERVICE_STOPPED, (DWORD)WSAGetLastError());
        return;
    }
    tell(SERVICE_RUNNING, 0);
    while (!stopped) {
        answer(server);
        snprintf(path, sizeof path, "%s\\hold", state);
        if (mode[5] != 'i' && GetFileAttributesA(path) == INVALID_FILE_ATTRIBUTES) each(TRUE);
    }
    closesocket(server);
    tell(SERVICE_STOPPED, 0);
}

int main(int count, char **arguments) {
    SERVICE_TABLE_ENTRYA table[] = {{(LPSTR) "", run}, {NULL, NULL}};
    port = (unsigned short)(count > 1 ? atoi(arguments[1]) : 0);
    return !StartServiceCtrlDispatcherA(table);
}
