/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the parts of record_write() share: words that any line may have, and the lines about the network. */

#include "plan/record/locate.h"
#include "plan/record/peers.h"

typedef struct Writer {
        const Plan *plan;
        const Record *record;
        const RecordPeaks *peaks;
        const Located *located;
        const FoldPlaces *places;
        bool host_root;
        bool permissive;
        RecordPeers peers; /* of a permissive run that needs no network of the host */
        FILE *f;
} Writer;

const SettingList *writer_settings(const Writer *w, DirectiveId id);

/* Whether it is a line of the run's policy. A default is none, and neither is what has only opened the run. */
bool writer_is_given(const Setting *setting);

/* "12 times, first by sh"; "# read and executed 12 times, by sh". */
void writer_count(const Writer *w, const RecordCount *count);
void writer_uses(const Writer *w, unsigned uses, const RecordCount *count);

/* Writes the run's lines of a directive. */
void writer_take_over(const Writer *w, DirectiveId id);

/* Finds the peers of a permissive run. Returns 0 or -ENOMEM. */
int writer_find_peers(const Record *record, RecordPeers *ret);

/* Whether isorun makes this file itself, because there are peers. */
bool writer_has_file(const Writer *w, const char *path);

/* Write RestrictAddressFamilies=; ConnectTo=; PrivateNetwork= or AbstractSockets=; and comments for ListenOn=. */
void writer_families(const Writer *w);
void writer_peers(const Writer *w);
void writer_network(const Writer *w, DirectiveId id);
void writer_listened(const Writer *w);
