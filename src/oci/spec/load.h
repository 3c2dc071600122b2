/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "oci/spec/spec.h"
#include "util/report.h"

/* Reads BUNDLE/config.json. bundle is absolute. Returns 0 or -errno, reported. */
int spec_load(const char *bundle, Spec *ret, Report *report);

/* Reads the copy that the state of a container has. The bundle may have changed since it was made. */
int spec_load_copy(int directory, const char *bundle, Spec *ret, Report *report);

/* Reads the file with a process that exec gets: the object that config.json has at /process. *ret_json has the strings
 * of ret, and the caller unrefs it. */
int spec_load_process(const char *path, json_t **ret_json, SpecProcess *ret, Report *report);
void spec_process_deinit(SpecProcess *process);
void spec_deinit(Spec *spec);
