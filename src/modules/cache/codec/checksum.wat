;; The checksum of `checksum.ts`. Four lanes take eight bytes each in turn, as XXH64's do, with one multiplication instead of
;; two: every step is a bijection of its lane, so no change within eight bytes is lost before the end.
(module
  ;; A page for the bytes, and room for zeros behind them.
  (memory (export "memory") 2)

  (func $step (param $lane i64) (param $word i64) (result i64)
    (i64.mul
      (i64.rotl (i64.xor (local.get $lane) (local.get $word)) (i64.const 29))
      (i64.const 0x9E3779B185EBCA87)))

  ;; Of the first `length` bytes of the memory, which it may fill up with zeros to a multiple of 32.
  (func (export "checksum") (param $length i32) (param $seed i32) (result i32)
    (local $at i32)
    (local $a i64) (local $b i64) (local $c i64) (local $d i64)
    (i64.store (local.get $length) (i64.const 0))
    (i64.store offset=8 (local.get $length) (i64.const 0))
    (i64.store offset=16 (local.get $length) (i64.const 0))
    (i64.store offset=24 (local.get $length) (i64.const 0))
    (local.set $a (i64.extend_i32_u (local.get $seed)))
    (local.set $b (i64.const 0xC2B2AE3D27D4EB4F))
    (local.set $c (i64.const 0x165667B19E3779F9))
    (local.set $d (i64.extend_i32_u (local.get $length)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $length)))
        (local.set $a (call $step (local.get $a) (i64.load (local.get $at))))
        (local.set $b (call $step (local.get $b) (i64.load offset=8 (local.get $at))))
        (local.set $c (call $step (local.get $c) (i64.load offset=16 (local.get $at))))
        (local.set $d (call $step (local.get $d) (i64.load offset=24 (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 32)))
        (br $next)))
    (local.set $a
      (i64.add
        (i64.add (i64.rotl (local.get $a) (i64.const 1)) (i64.rotl (local.get $b) (i64.const 7)))
        (i64.add (i64.rotl (local.get $c) (i64.const 12)) (i64.rotl (local.get $d) (i64.const 18)))))
    (i32.wrap_i64 (i64.xor (local.get $a) (i64.shr_u (local.get $a) (i64.const 32))))))
