/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/verb/inspect-file.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd/start/other-root.h"
#include "lib/load.h"
#include "plan/request.h"
#include "plan/show/exposure.h"
#include "policy/own-policy.h"
#include "util/strv.h"
#include "util/text.h"

#ifndef EM_LOONGARCH
#define EM_LOONGARCH 258
#endif

const char *inspect_state_name(InspectState state) {
        static const char *const names[] = { [INSPECT_NONE] = "none", [INSPECT_VALID] = "valid",
                                             [INSPECT_WRONG] = "wrong" };

        return names[state];
}

void inspected_deinit(Inspected *i) {
        free(i->file);
        free(i->architecture);
        notes_deinit(&i->notes);
        free(i->description);
        strv_free(i->stages);
        strv_free(i->errors);
        *i = (Inspected) {};
}

/* The names are those of uname(2). */
static char *architecture_name(unsigned machine, bool wide, bool big_endian) {
        static const struct {
                unsigned machine;
                const char *name;
        } names[] = {
                { EM_X86_64, "x86_64" }, { EM_386, "i686" },   { EM_AARCH64, "aarch64" }, { EM_ARM, "arm" },
                { EM_RISCV, "riscv" },   { EM_S390, "s390x" }, { EM_PPC64, "ppc64" },     { EM_PPC, "ppc" },
                { EM_MIPS, "mips" },     { EM_LOONGARCH, "loongarch" },
        };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                bool counted = machine == EM_RISCV || machine == EM_LOONGARCH;

                if (names[i].machine == machine)
                        return format("%s%s%s", names[i].name, counted ? wide ? "64" : "32" : "",
                                      machine == EM_PPC64 && !big_endian ? "le" : "");
        }
        return format("machine %u", machine);
}

static char *find_architecture(int fd) {
        unsigned char h[20] = {};
        bool big_endian;

        if (pread(fd, h, sizeof(h), 0) < 2)
                return NULL;
        if (memcmp(h, "#!", 2) == 0)
                return strdup("script");
        if (memcmp(h, ELFMAG, SELFMAG) != 0)
                return NULL;
        big_endian = h[EI_DATA] == ELFDATA2MSB;
        return architecture_name(big_endian ? h[18] << 8 | h[19] : h[19] << 8 | h[18], h[EI_CLASS] == ELFCLASS64,
                                 big_endian);
}

static void take_error(void *userdata, Severity severity, const char *line) {
        Inspected *i = userdata;

        if (severity == SEVERITY_ERROR)
                (void) strv_push(&i->errors, line);
}

/* Of the program's policy alone, for a start by the caller. */
static int find_exposure(Inspected *i, Loaded *loaded) {
        PlanRequest request = { .policy = i->file, .only_plan = true, .explain = true };
        _cleanup_(exposure_deinit) Exposure e = {};
        _cleanup_(plan_freep) Plan *plan = NULL;
        Report silent = {};
        int r = 0;

        if (loaded_plan(loaded, NULL, 0, &request, &plan, &silent) == 0) {
                r = plan_exposure(plan, &e);
                i->exposure = r < 0 ? -1 : (int) exposure_total(&e);
        }
        return r;
}

/* Reads the policy as a start does. */
static int check_policy(Inspected *i, Report *report) {
        _cleanup_(loaded_deinit) Loaded loaded = { .probe = other_root_probe() };
        const Setting *description;
        int r = loaded_init(&loaded, i->file, NULL, NULL, report);

        i->state = r < 0 ? INSPECT_WRONG : INSPECT_VALID;
        description = loaded.policy ? policy_get(loaded.policy, D_Description) : NULL;
        if (description) {
                i->description = strdup(description->value.text);
                r = i->description ? r : -ENOMEM;
        }
        for (size_t n = 0; loaded.policy && r != -ENOMEM && n < loaded.policy->n_stages; n++)
                if (strv_push(&i->stages, loaded.policy->stages[n].name) < 0)
                        r = -ENOMEM;
        if (r != -ENOMEM && i->state == INSPECT_VALID)
                r = find_exposure(i, &loaded);
        return r == -ENOMEM ? r : 0;
}

int inspect_file(Inspected *ret, int fd, const char *path) {
        Inspected i = { .file = strdup(path), .architecture = find_architecture(fd), .exposure = -1 };
        Report report = { .sink = take_error, .userdata = &i };
        int r = i.file ? own_policy_read(fd, path, &i.notes, &report) : -ENOMEM;

        if (r >= 0)
                r = check_policy(&i, &report);
        else if (r != -ENODATA && r != -ENOMEM)
                i.state = INSPECT_WRONG;
        if (r == -ENOMEM) {
                inspected_deinit(&i);
                return r;
        }
        *ret = i;
        return 0;
}
