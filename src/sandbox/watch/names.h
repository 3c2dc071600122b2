/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Names that the payload has looked up on the host's network, from the answers of name servers (RFC 1035). A program
 * can make up such an answer. It then gets a peer by another name, which it could have asked for as well. */

#include <stddef.h>
#include <stdint.h>

enum { ANSWER_MAX = 1500 }; /* bytes of an answer that are read */

/* Calls f for each address of the name that the question was for: name has at most 253 bytes, and only letters, digits,
 * dots and dashes. Does nothing if the bytes are no such answer. */
void names_of_answer(const uint8_t *answer, size_t size,
                     void (*f)(void *userdata, const char *name, const char *address), void *userdata);
