# SPDX-License-Identifier: LGPL-2.1-or-later
"""Lets a script isolate itself by the policy in its own comments. libisorun(3) is the manual.

    #!/usr/bin/python3
    # isorun: [Sandbox]
    # isorun: PrivateNetwork=no
    import isorun

    isorun.isolate()
    ...  # from here on, in the sandbox

The script must be executable, because the sandbox starts it again from its beginning. So call isolate() first, before
anything that should happen only once. The functions are those of libisorun.so.0, which is loaded by ctypes when the
first of them is called. Every function raises isorun.Error if it fails; the script must then not go on as if it were
isolated.
"""
import ctypes
import os
import sys

__all__ = ["Error", "HAND_OVER", "isolate", "is_isolated", "log_to_stderr", "restrict", "run", "version"]

HAND_OVER = 1 << 0
_SCRIPT = 1 << 1

_Log = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p)


class Error(OSError):
    """The library has failed: errno is its error, and strerror the message that the library gave for it."""


def log_to_stderr(priority, line):
    """Prints a message of the library. priority is that of syslog(3): 3 for an error, 5 for a notice."""
    del priority
    print(f"isorun: {line}", file=sys.stderr, flush=True)


def isolate(flags=0, log=log_to_stderr, *, script=None, arguments=None):
    """Isolates the script that runs. Returns if this process is in an instance of its policy, or of a narrower one.

    Otherwise it starts such an instance, in which the script runs again from its beginning. This process waits for it,
    and ends as it does: nothing of atexit is called.

    flags is 0 or HAND_OVER, for a service with Type=notify. log is called with the priority and the text of each
    message, or None. script is the path of the script, and arguments are its arguments; without them, they are those
    of the main module.
    """
    argc, argv = _arguments(script, arguments)
    _flush()
    with _Messages(log) as messages:
        messages.check(_library().isorun_isolate(argc, argv, flags | _SCRIPT, messages.function, None))


def run(flags=0, log=log_to_stderr, *, script=None, arguments=None):
    """Does the same, but returns when the instance has ended, with its status as from os.waitpid(). Returns None in the
    instance."""
    argc, argv = _arguments(script, arguments)
    status = ctypes.c_int()
    _flush()
    with _Messages(log) as messages:
        result = messages.check(_library().isorun_run(argc, argv, flags | _SCRIPT, messages.function, None,
                                                      ctypes.byref(status)))
    return None if result == 1 else status.value


def is_isolated(log=None, *, script=None):
    """Measures whether this process runs in an instance of the script's policy, or of a narrower one. If not, log gets
    the reason. Changes nothing."""
    with _Messages(log) as messages:
        path = os.fsencode(script or _main_script())
        return messages.check(_library().isorun_is_script_isolated(path, messages.function, None)) == 1


def restrict(stage, log=log_to_stderr, *, script=None):
    """Gives up what the section [Stage.NAME] of the script's policy does not permit; stage is NAME. This process must be
    in an instance of that policy. The stage narrows the interpreter: modules that the script imports later, programs
    that it starts and files that it opens must be permitted in it."""
    with _Messages(log) as messages:
        path = os.fsencode(script or _main_script())
        messages.check(_library().isorun_restrict_script(path, stage.encode(), messages.function, None))


def version():
    """The version of the library."""
    return _library().isorun_version().decode()


class _Messages:
    """A function of C for the library to call. What the caller's function raises is raised after the library's
    return, since no exception can pass through C."""

    def __init__(self, log):
        self.log, self.error, self.raised = log, None, None
        self.function = _Log(self._take)

    def _take(self, _userdata, priority, line):
        text = line.decode(errors="surrogateescape")
        if priority == 3 and self.error is None:
            self.error = text
        try:
            if self.log is not None:
                self.log(priority, text)
        except BaseException as e:  # pylint: disable=broad-except
            self.raised = self.raised or e

    def check(self, result):
        if result < 0:
            raise Error(-result, self.error or os.strerror(-result))
        return result

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.raised is not None:
            raise self.raised


_loaded = None


def _library():
    global _loaded  # pylint: disable=global-statement
    if _loaded is None:
        library = ctypes.CDLL("libisorun.so.0")
        text, number, pointer = ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p
        program = [number, ctypes.POINTER(text), ctypes.c_uint, _Log, pointer]
        library.isorun_isolate.argtypes = program
        library.isorun_run.argtypes = program + [ctypes.POINTER(number)]
        library.isorun_is_script_isolated.argtypes = [text, _Log, pointer]
        library.isorun_restrict_script.argtypes = [text, text, _Log, pointer]
        library.isorun_version.restype = text
        _loaded = library
    return _loaded


def _main_script():
    path = getattr(sys.modules["__main__"], "__file__", None)
    if path is None:
        raise RuntimeError("no script runs: an interactive interpreter cannot isolate itself")
    return os.path.abspath(path)


def _arguments(script, arguments):
    argv = [script or _main_script(), *(sys.argv[1:] if arguments is None else arguments)]
    return len(argv), (ctypes.c_char_p * (len(argv) + 1))(*map(os.fsencode, argv), None)


def _flush():
    """The process may end without Python's buffers being written, and the first process inside has a copy of them."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
