/* What Rust's standard library takes random numbers from on Windows, and Wine
 * before 9 has not: the one function of bcryptprimitives.dll that it calls. */

#include <windows.h>

/* RtlGenRandom by its real name, in advapi32. */
BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE buffer, SIZE_T length)
{
    while (length > 0) {
        ULONG part = length < 0x10000 ? (ULONG)length : 0x10000;
        if (!SystemFunction036(buffer, part))
            return FALSE;
        buffer += part;
        length -= part;
    }
    return TRUE;
}
