// A program with a policy, without any library: rustc server.rs; isorun --own ./server
// The compiler reads the policy by include_bytes, so that it knows of the dependency.
use std::arch::global_asm;

#[allow(dead_code)]
const POLICY: &[u8] = include_bytes!("server.conf");

global_asm!(
    ".pushsection .note.isorun, \"a\", %note",
    ".balign 4",
    ".long 2f - 1f, 4f - 3f, 1",
    "1: .asciz \"isorun\"",
    "2: .balign 4",
    "3: .incbin \"server.conf\"",
    "4: .balign 4",
    ".popsection",
);

fn main() {
    let from = std::env::var("FROM").unwrap_or("another policy".to_string());
    println!("started under {from}");
}
