/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An entry for systemd's journal, as of systemd.io/JOURNAL_NATIVE_PROTOCOL. sd_journal_sendv(3) sends the same, but waits
 * where journald does not read, for as long as it is stopped. */

#include "util/text.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* journalctl -o json shows no field that is longer than 4096 bytes with its name. */
enum { JOURNAL_VALUE_MAX = 4000 };

typedef struct JournalEntry {
        Text text;
} JournalEntry;

/* Returns 0 or -ENOMEM. */
int journal_entry_init(JournalEntry *entry);
void journal_entry_deinit(JournalEntry *entry);

/* Adds a field. In its value control characters, and bytes that are no UTF-8, become \xHH, so that it is a line of text;
 * what is beyond JOURNAL_VALUE_MAX bytes is cut off, between characters. */
void journal_entry_add(JournalEntry *entry, const char *name, const char *fmt, ...) _printf_(3, 4);

/* Sends it to the socket of that path. Never waits: what cannot be taken at once is dropped. Returns 0 or -errno. */
int journal_entry_send(JournalEntry *entry, const char *path);
