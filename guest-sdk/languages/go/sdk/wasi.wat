;; What Go asks of WASI, with nothing behind it: a component that imports files
;; is refused, and Go's runtime imports them whether a plugin uses them or not.
;;
;; Random numbers are none: they seed the hash functions of maps.
(module
  (import "env" "memory" (memory 0))
  (global $clock (mut i64) (i64.const 1))
  (global $state (mut i64) (i64.const 0x9e3779b97f4a7c15))

  ;; Two numbers, both zero: none, in none bytes.
  (func $none (param $count i32) (param $bytes i32) (result i32)
    (i32.store (local.get $count) (i32.const 0))
    (i32.store (local.get $bytes) (i32.const 0))
    (i32.const 0))
  (export "args_sizes_get" (func $none))
  (export "environ_sizes_get" (func $none))
  (func $nothing (param i32 i32) (result i32) (i32.const 0))
  (export "args_get" (func $nothing))
  (export "environ_get" (func $nothing))

  ;; It goes on with each look, since the runtime takes zero for a fault.
  (func (export "clock_time_get") (param i32 i64) (param $time i32) (result i32)
    (global.set $clock (i64.add (global.get $clock) (i64.const 1000)))
    (i64.store (local.get $time) (global.get $clock))
    (i32.const 0))

  (func (export "random_get") (param $at i32) (param $length i32) (result i32)
    (loop $next
      (if (local.get $length)
        (then
          (global.set $state
            (i64.add (i64.mul (global.get $state) (i64.const 6364136223846793005)) (i64.const 1442695040888963407)))
          (i32.store8 (local.get $at) (i32.wrap_i64 (i64.shr_u (global.get $state) (i64.const 33))))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (local.set $length (i32.sub (local.get $length) (i32.const 1)))
          (br $next))))
    (i32.const 0))

  (func (export "sched_yield") (result i32) (i32.const 0))
  (func (export "proc_exit") (param i32) unreachable)
  ;; Nobody could wake who waits.
  (func (export "poll_oneoff") (param i32 i32 i32 i32) (result i32) unreachable)

  ;; No descriptor is open: EBADF.
  (func $one (param i32) (result i32) (i32.const 8))
  (export "fd_close" (func $one))
  (export "fd_sync" (func $one))
  (func $two (param i32 i32) (result i32) (i32.const 8))
  (export "fd_fdstat_get" (func $two))
  (export "fd_fdstat_set_flags" (func $two))
  (export "fd_filestat_get" (func $two))
  (export "fd_prestat_get" (func $two))
  (func $size (param i32 i64) (result i32) (i32.const 8))
  (export "fd_filestat_set_size" (func $size))
  (func $three (param i32 i32 i32) (result i32) (i32.const 8))
  (export "fd_prestat_dir_name" (func $three))
  (export "path_create_directory" (func $three))
  (export "path_remove_directory" (func $three))
  (export "path_unlink_file" (func $three))
  (func $transfer (param i32 i32 i32 i32) (result i32) (i32.const 8))
  (export "fd_read" (func $transfer))
  (export "fd_write" (func $transfer))
  (func $seek (param i32 i64 i32 i32) (result i32) (i32.const 8))
  (export "fd_seek" (func $seek))
  (func $at (param i32 i32 i32 i64 i32) (result i32) (i32.const 8))
  (export "fd_pread" (func $at))
  (export "fd_pwrite" (func $at))
  (export "fd_readdir" (func $at))
  (func $five (param i32 i32 i32 i32 i32) (result i32) (i32.const 8))
  (export "path_filestat_get" (func $five))
  (export "path_symlink" (func $five))
  (func $six (param i32 i32 i32 i32 i32 i32) (result i32) (i32.const 8))
  (export "path_readlink" (func $six))
  (export "path_rename" (func $six))
  (func $seven (param i32 i32 i32 i32 i32 i32 i32) (result i32) (i32.const 8))
  (export "path_link" (func $seven))
  (func $times (param i32 i32 i32 i32 i64 i64 i32) (result i32) (i32.const 8))
  (export "path_filestat_set_times" (func $times))
  (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32) (i32.const 8))
  (export "path_open" (func $open))
)
