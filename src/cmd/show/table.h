/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The running instances as a table: isoctl list prints it once, isoctl top repeatedly. */

#include "cmd/instance/instance.h"

/* The resources that an instance uses, as the kernel counts them. */
typedef struct Usage {
        uint64_t memory, tasks, cpu_usec;
        bool has_memory, has_tasks, has_cpu;
        double share; /* of one processor, in percent, since the last measurement; negative: not known */
} Usage;

Usage usage_measure(const InstanceList *list, const Instance *instance);

typedef struct TableStyle {
        bool legend, colours;
        bool share;     /* show a column for Usage.share, in place of user and unit */
        unsigned width; /* in columns; 0: that of the terminal, if standard output is one */
} TableStyle;

/* Returns the table as text, which the caller frees, or NULL if memory is short. usages has an entry for each instance
 * of the list. */
char *table_format(const InstanceList *list, const Usage *usages, const TableStyle *style);
