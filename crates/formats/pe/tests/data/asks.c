/* Says what Windows says of this program. */
#include <windows.h>
#include <stdio.h>

int main(void) {
    char path[MAX_PATH];
    static char data[8192];
    VS_FIXEDFILEINFO *fixed;
    char *text;
    UINT size;
    GetModuleFileNameA(NULL, path, sizeof path);
    if (!GetFileVersionInfoA(path, 0, sizeof data, data)) return puts("no version"), 1;
    if (!VerQueryValueA(data, "\\", (void **)&fixed, &size)) return puts("no number"), 1;
    printf("version %u.%u.%u.%u\n", HIWORD(fixed->dwFileVersionMS), LOWORD(fixed->dwFileVersionMS),
           HIWORD(fixed->dwFileVersionLS), LOWORD(fixed->dwFileVersionLS));
    if (!VerQueryValueA(data, "\\StringFileInfo\\040904b0\\ProductName", (void **)&text, &size))
        return puts("no product"), 1;
    printf("product %s\n", text);
    printf("icon %s\n", FindResourceA(NULL, MAKEINTRESOURCEA(1), (LPCSTR)RT_GROUP_ICON) ? "yes" : "no");
    printf("manifest %s\n", FindResourceA(NULL, MAKEINTRESOURCEA(1), (LPCSTR)RT_MANIFEST) ? "yes" : "no");
    return 0;
}
