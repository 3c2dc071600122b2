/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Shared libraries that only some starts need, loaded when they do. The functions stand in a struct of pointers, in the
 * order of a list, under their own names. */

#include <stddef.h>
#include <stdint.h>

#include "util/macro.h"

/* Loads soname and looks up the n functions of names into functions, an array of n pointers, of which all are filled in
 * or none. Returns 0, -ENOENT where the library is not there, -ENOSYS where it lacks one of them, -ENOMEM. */
int library_load(const char *soname, const char *const *names, size_t n, void *functions);

/* What packagers' tools read to find libraries that are loaded at run time: the "ELF dlopen metadata" of
 * uapi-group.org/specifications. To stand at file scope. */
#define LIBRARY_NOTE(id, feature, description, priority, soname)                                                  \
        static const struct {                                                                                  \
                uint32_t name_size, content_size, type;                                                        \
                char name[4];                                                                                  \
                char content[sizeof(LIBRARY_NOTE_TEXT(feature, description, priority, soname))]                \
                        __attribute__((aligned(4)));                                                           \
        } id##_note __attribute__((used, section(".note.dlopen"), aligned(4))) = {                             \
                .name_size = 4,                                                                                \
                .content_size = sizeof(LIBRARY_NOTE_TEXT(feature, description, priority, soname)),             \
                .type = 0x407c0c0a,                                                                            \
                .name = "FDO",                                                                                 \
                .content = LIBRARY_NOTE_TEXT(feature, description, priority, soname),                          \
        }
#define LIBRARY_NOTE_TEXT(feature, description, priority, soname)                                              \
        "[{\"feature\":\"" feature "\",\"description\":\"" description "\",\"priority\":\"" priority               \
        "\",\"soname\":[\"" soname "\"]}]"
