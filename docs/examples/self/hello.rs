// A program that isolates itself, by libisorun: rustc hello.rs
// The policy is in its file as in ../note/server.rs.
use std::arch::global_asm;
use std::ffi::{CStr, CString};
use std::os::raw::{c_char, c_int, c_uint, c_void};
use std::os::unix::ffi::OsStringExt;

#[allow(dead_code)]
const POLICY: &[u8] = include_bytes!("hello.conf");

global_asm!(
    ".pushsection .note.isorun, \"a\", %note",
    ".balign 4",
    ".long 2f - 1f, 4f - 3f, 1",
    "1: .asciz \"isorun\"",
    "2: .balign 4",
    "3: .incbin \"hello.conf\"",
    "4: .balign 4",
    ".popsection",
);

type Log = extern "C" fn(*mut c_void, c_int, *const c_char);

#[link(name = "isorun")]
extern "C" {
    fn isorun_isolate(argc: c_int, argv: *const *const c_char, flags: c_uint, log: Option<Log>, userdata: *mut c_void)
        -> c_int;
}

extern "C" fn log_to_stderr(_userdata: *mut c_void, _priority: c_int, line: *const c_char) {
    eprintln!("isorun: {}", unsafe { CStr::from_ptr(line) }.to_string_lossy());
}

// Returns if this process is isolated. Otherwise it ends with the isolated one.
fn isolate() -> Result<(), std::io::Error> {
    let words: Vec<CString> = std::env::args_os()
        .map(|word| CString::new(word.into_vec()).expect("an argument has no NUL"))
        .collect();
    let mut argv: Vec<*const c_char> = words.iter().map(|word| word.as_ptr()).collect();
    argv.push(std::ptr::null());
    let flags = 0;
    match unsafe {
        isorun_isolate(words.len() as c_int, argv.as_ptr(), flags, Some(log_to_stderr), std::ptr::null_mut())
    } {
        r if r < 0 => Err(std::io::Error::from_raw_os_error(-r)),
        _ => Ok(()),
    }
}

fn main() {
    if isolate().is_err() {
        std::process::exit(125);
    }
    let from = std::env::var("FROM").unwrap_or("another policy".to_string());
    println!("isolated under {from}");
}
