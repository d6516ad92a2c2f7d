;; A plug-in by hand: the file is a serial number, and makes a report of one test that passed.
(module
  (memory (export "memory") 2)
  ;; Where free memory begins.
  (global $free (mut i32) (i32.const 65536))

  (data (i32.const 0) "{\"interface\":1,\"name\":\"label\",\"title\":\"Label printer\",\"patterns\":[\"*.lbl\"],\"arguments\":[{\"name\":\"lane\",\"meaning\":\"which lane\",\"default\":\"1\"}]}")
  (data (i32.const 1024) "[{\"type\":\"T\",\"pn\":\"PSU-1\",\"rev\":\"A\",\"processCode\":10,\"result\":\"P\",\"start\":\"2026-01-15T10:00:00Z\",\"uut\":{\"user\":\"op\"},\"root\":{\"id\":0,\"group\":\"M\",\"stepType\":\"SequenceCall\",\"name\":\"label\",\"status\":\"P\",\"steps\":[]},\"sn\":\"")
  (data (i32.const 1536) "\"}]")
  (data (i32.const 1600) "{\"refusal\":\"a label holds a serial number\",\"line\":1}")

  (func $alloc (export "wats_alloc") (param $length i32) (result i32)
    (local $start i32)
    (local.set $start (global.get $free))
    (global.set $free (i32.add (global.get $free) (local.get $length)))
    (block $enough
      (br_if $enough (i32.le_u (global.get $free) (i32.mul (memory.size) (i32.const 65536))))
      (br_if $enough (i32.ne (i32.const -1)
        (memory.grow (i32.add (i32.const 1) (i32.div_u (local.get $length) (i32.const 65536))))))
      (return (i32.const 0)))
    (local.get $start))

  ;; An answer: its address above its length.
  (func $answer (param $start i32) (param $length i32) (result i64)
    (i64.or (i64.shl (i64.extend_i32_u (local.get $start)) (i64.const 32)) (i64.extend_i32_u (local.get $length))))

  (func (export "wats_describe") (result i64) (call $answer (i32.const 0) (i32.const 142)))

  ;; Sure of every file that begins with LBL.
  (func (export "wats_confidence") (param i32 i32 i32 i32) (result i32)
    (if (result i32) (i32.lt_u (local.get 3) (i32.const 3))
      (then (i32.const 0))
      (else
        (if (result i32) (i32.eq (i32.const 0x4c424c) (i32.and (i32.load (local.get 2)) (i32.const 0xffffff)))
          (then (i32.const 90))
          (else (i32.const 0))))))

  (func (export "wats_convert") (param i32 i32 i32 i32) (result i64)
    (local $start i32)
    (if (i32.eqz (local.get 3)) (then (return (call $answer (i32.const 1600) (i32.const 52)))))
    (local.set $start (call $alloc (i32.add (local.get 3) (i32.const 512))))
    (memory.copy (local.get $start) (i32.const 1024) (i32.const 216))
    (memory.copy (i32.add (local.get $start) (i32.const 216)) (local.get 2) (local.get 3))
    (memory.copy (i32.add (local.get $start) (i32.add (i32.const 216) (local.get 3))) (i32.const 1536) (i32.const 3))
    (call $answer (local.get $start) (i32.add (local.get 3) (i32.const 219)))))
