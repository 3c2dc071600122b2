/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The running instances as a table: isoctl list prints it once, isoctl top repeatedly. */

#include "cmd/instance/instance.h"

/* The resources that an instance uses, as the kernel counts them. */
typedef struct Usage {
        InstanceUsage kernel;
        double share; /* of one processor, in percent, since the last measurement; negative: not known */
        bool has_flows;
        uint64_t flows, moved; /* connections that isorun carries, and bytes of these and of those that have ended */
        double speed; /* of these bytes, per second, since the last measurement; negative: not known */
} Usage;

/* What the instance uses now, or, if instances_walk() has measured it, what it used then. */
Usage usage_measure(const InstanceList *list, const Instance *instance);

/* Fills in the connections, for which isoctl asks the instance. If it does not answer soon, they stay unknown. */
void usage_ask_flows(Usage *usage, const Instance *instance);

typedef struct TableStyle {
        bool legend, colours;
        bool share;     /* show a column for Usage.share, in place of user and unit, and two for connections if an
                           instance has any */
        unsigned width; /* in columns; 0: that of the terminal, if standard output is one */
} TableStyle;

/* Returns the table as text, which the caller frees, or NULL if memory is short. usages has an entry for each instance
 * of the list. */
char *table_format(const InstanceList *list, const Usage *usages, const TableStyle *style);
