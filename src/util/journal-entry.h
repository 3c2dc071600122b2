/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An entry for systemd's journal in the format of systemd.io/JOURNAL_NATIVE_PROTOCOL. sd_journal_sendv(3) is not used
 * because it blocks for as long as journald is stopped and does not read. */

#include "util/text.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* journalctl -o json omits the value of a field if name and value are longer than 4096 bytes. */
enum { JOURNAL_VALUE_MAX = 4000 };

typedef struct JournalEntry {
        Text text;
} JournalEntry;

/* Returns 0 or -ENOMEM. */
int journal_entry_init(JournalEntry *entry);
void journal_entry_deinit(JournalEntry *entry);

/* Adds a field. Control characters and bytes that are not UTF-8 become \xHH in the value, so that it is one line of
 * text. A value longer than JOURNAL_VALUE_MAX bytes is cut, between two characters. */
void journal_entry_add(JournalEntry *entry, const char *name, const char *fmt, ...) _printf_(3, 4);

/* Sends the entry to the socket at path. Never blocks: if the socket's queue is full, the entry is lost. Returns 0 or
 * -errno. */
int journal_entry_send(JournalEntry *entry, const char *path);
