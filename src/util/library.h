/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Shared libraries that only some starts need. They are loaded when they are first used. The caller lists the
 * functions; a struct has one pointer for each, with the same name and in the same order.
 *
 * A program that is linked statically (meson's option static) loads none, because glibc's dlopen(3) works there only
 * with the files of the same glibc. */

#include <stddef.h>
#include <stdint.h>

#include "util/macro.h"

/* For a list of functions, F(X) X(one) X(another): their names, and the members of the struct. */
#define LIBRARY_NAME(f) #f,
#define LIBRARY_POINTER(f) typeof(&f) f;

/* Loads soname and looks up n functions by name. functions is an array of n pointers; it is written only if all of them
 * are found. Returns 0, -ENOENT if the library cannot be loaded, -ENOSYS if it lacks a function, or -ENOMEM. */
int library_load(const char *soname, const char *const *names, size_t n, void *functions);

/* What a message about a missing library ends with. */
const char *library_advice(void);

/* Whether this program can load libraries at all. */
bool library_can_load(void);

/* Adds an ELF note from which packagers' tools find libraries that are loaded at run time: the "ELF dlopen metadata" of
 * uapi-group.org/specifications. Use it at file scope. */
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
