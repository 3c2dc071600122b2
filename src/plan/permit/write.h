/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/permit/permit.h"
#include "util/text.h"

/* Writes the permit as a policy, on the heap. The policy never permits more than the permit: it is read back and
 * compared. It permits less where no line of a policy would say the same: a place that it cannot describe is hidden.
 * Description= and SystemCallErrorNumber= are not in a permit. Returns 0; -EINVAL, reported, for a clash, or for what
 * no policy can say; or -ENOMEM, reported. */
int permit_write(const Permit *permit, char **ret, Report *report);

typedef struct PermitWriter {
        const Permit *permit;
        Text sections[_SECTION_MAX];
        bool wrote[_DIRECTIVE_MAX];
        Report *report;
} PermitWriter;

/* Begins a line of the directive, "KEY=". Returns the stream for the value; end it with a newline. */
FILE *permit_line(PermitWriter *w, DirectiveId id);

/* These write one facet each. Returns 0, -EINVAL, reported, or -ENOMEM. */
int permit_write_calls(PermitWriter *w, DirectiveId id);
int permit_write_bits(PermitWriter *w, DirectiveId id);
int permit_write_addresses(PermitWriter *w, DirectiveId id);
int permit_write_devices(PermitWriter *w, DirectiveId id);

/* base: what the lines so far permit. */
int permit_write_places(PermitWriter *w, const Facet *base);
int permit_write_exec(PermitWriter *w, const Facet *base);
