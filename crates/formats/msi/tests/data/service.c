/* A service that does nothing but run; with an argument other than "run" it says how the service manager has it. */
#include <windows.h>
#include <stdio.h>

static SERVICE_STATUS_HANDLE handle;
static SERVICE_STATUS status = {SERVICE_WIN32_OWN_PROCESS, SERVICE_START_PENDING, SERVICE_ACCEPT_STOP, 0, 0, 0, 0};
static HANDLE stop;

static void tell(DWORD state) {
    status.dwCurrentState = state;
    SetServiceStatus(handle, &status);
}

static void WINAPI control(DWORD code) {
    if (code == SERVICE_CONTROL_STOP) {
        tell(SERVICE_STOP_PENDING);
        SetEvent(stop);
    }
}

static void WINAPI run(DWORD count, LPSTR *arguments) {
    (void)count;
    stop = CreateEventA(NULL, TRUE, FALSE, NULL);
    handle = RegisterServiceCtrlHandlerA(arguments[0], control);
    tell(SERVICE_RUNNING);
    WaitForSingleObject(stop, INFINITE);
    tell(SERVICE_STOPPED);
}

static int query(const char *name) {
    static char buffer[8192];
    QUERY_SERVICE_CONFIGA *config = (QUERY_SERVICE_CONFIGA *)buffer;
    SERVICE_STATUS_PROCESS now;
    DWORD need;
    SC_HANDLE manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    SC_HANDLE service = OpenServiceA(manager, name, SERVICE_ALL_ACCESS);
    if (!service) {
        puts("absent");
        return 1;
    }
    if (!QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)&now, sizeof now, &need)) return 2;
    if (!QueryServiceConfigA(service, config, sizeof buffer, &need)) return 3;
    printf("state=%lu start=%lu account=%s path=%s display=%s\n", now.dwCurrentState, config->dwStartType,
           config->lpServiceStartName, config->lpBinaryPathName, config->lpDisplayName);
    return 0;
}

static int set_start(const char *name, DWORD start) {
    SC_HANDLE manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    SC_HANDLE service = OpenServiceA(manager, name, SERVICE_ALL_ACCESS);
    return !ChangeServiceConfigA(service, SERVICE_NO_CHANGE, start, SERVICE_NO_CHANGE, NULL, NULL, NULL, NULL, NULL,
                                 NULL, NULL);
}

int main(int count, char **arguments) {
    SERVICE_TABLE_ENTRYA table[] = {{(LPSTR) "", run}, {NULL, NULL}};
    if (count > 2 && !strcmp(arguments[1], "query")) return query(arguments[2]);
    if (count > 3 && !strcmp(arguments[1], "start-type")) return set_start(arguments[2], atoi(arguments[3]));
    if (count > 1 && !strcmp(arguments[1], "fail")) return 7;
    return !StartServiceCtrlDispatcherA(table);
}
