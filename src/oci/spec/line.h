/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The line on which a value stands in a JSON text that libjansson has accepted: 1 and more. pointer is a JSON pointer
 * (RFC 6901); "" is the whole text. Returns 0 if the text has no such value. */
unsigned json_line(const char *text, const char *pointer);
