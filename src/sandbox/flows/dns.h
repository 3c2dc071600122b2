/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The name server of a sandbox with peers. It knows their names and no others, and asks nobody: RFC 1035, with the OPT
 * record of RFC 6891. */

#include "sandbox/flows/hosts.h"

enum {
        DNS_SIZE = 512,        /* of an answer, at most */
        DNS_NAME_SIZE = 256,   /* of a name as text, with the last 0 */
        DNS_QUESTION_MAX = 512 /* of a question; resolvers send less than 300 bytes */
};

/* Writes the answer to a question, which may come from an attacker. Returns the answer's size, or 0 if the bytes
 * are not a question: they get no answer. If it asks for the address of a name that no peer has, unknown is that name;
 * otherwise it is empty. */
size_t dns_answer(Hosts *hosts, const uint8_t *question, size_t size, uint8_t answer[static DNS_SIZE],
                  char unknown[static DNS_NAME_SIZE]);
