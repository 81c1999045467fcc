/* What the C library asks of WASI when it prints, even into a string: nothing
 * is behind it here. Without this file the component would import files, which
 * no plugin gets. */

#include <stdint.h>

/* `ENOSYS`, in WASI's own numbers. */
#define NOT_SUPPORTED 52

#define NOTHING_BEHIND(name, ...)                                      \
    int32_t __imported_wasi_snapshot_preview1_##name(__VA_ARGS__);     \
    int32_t __imported_wasi_snapshot_preview1_##name(__VA_ARGS__)      \
    {                                                                  \
        return NOT_SUPPORTED;                                          \
    }

#pragma clang diagnostic ignored "-Wunused-parameter"

NOTHING_BEHIND(fd_close, int32_t descriptor)
NOTHING_BEHIND(fd_fdstat_get, int32_t descriptor, int32_t status)
NOTHING_BEHIND(fd_seek, int32_t descriptor, int64_t offset, int32_t whence, int32_t position)
NOTHING_BEHIND(fd_write, int32_t descriptor, int32_t vectors, int32_t count, int32_t written)
