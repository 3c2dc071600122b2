/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers that the headers of the oldest supported platform lack, and -1 for calls that this architecture lacks. */
#pragma once

#include <sys/syscall.h>

#ifndef SYS_open_tree_attr
#define SYS_open_tree_attr 467
#endif
#ifndef SYS_iopl
#define SYS_iopl -1
#endif
#ifndef SYS_ioperm
#define SYS_ioperm -1
#endif
#ifndef SYS_modify_ldt
#define SYS_modify_ldt -1
#endif
