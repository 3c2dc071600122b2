/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The running instances as a table: what list prints once and top again and again. */

#include "cmd/instance/instance.h"

/* What the kernel counts of an instance. */
typedef struct Usage {
        uint64_t memory, tasks, cpu_usec;
        bool has_memory, has_tasks, has_cpu;
        double share; /* of one processor, in percent, over the last while; negative: not known */
} Usage;

Usage usage_measure(const InstanceList *list, const Instance *instance);

typedef struct TableStyle {
        bool legend, colours;
        bool share;     /* a column for Usage.share */
        unsigned width; /* 0: that of the terminal, if standard output is one */
} TableStyle;

/* The table as text, on the heap; usages: one for each of the list. NULL where memory runs out. */
char *table_format(const InstanceList *list, const Usage *usages, const TableStyle *style);
