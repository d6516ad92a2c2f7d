// A stand-in for Wine 8, which has no bcryptprimitives.dll. The standard library of Rust takes random numbers from it.
// Only test prefixes of Wine get it: every Windows since 10 has the real one.
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T count) {
    return SystemFunction036(bytes, (ULONG)count);
}
