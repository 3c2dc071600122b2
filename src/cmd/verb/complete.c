/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl _complete isorun|isoctl|isorun-oci WORD...: prints the candidates for the last WORD. The shells' scripts
 * contain no options, verbs or directives: all of these come from the tables that the commands themselves use. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd/container/container-root.h"
#include "cmd/container/oci-syntax.h"
#include "cmd/instance/find.h"
#include "cmd/instance/instance.h"
#include "cmd/verb/verb.h"
#include "image/store.h"
#include "oci/state/state.h"
#include "plan/plan.h"
#include "policy/policy-load.h"
#include "policy/value/value.h"
#include "util/escape.h"
#include "util/fd.h"
#include "util/strv.h"
#include "util/text.h"

/* The command line that the user has typed so far. */
typedef struct Completion {
        char **words;
        size_t n;         /* number of words; the last one is to be completed */
        size_t before;    /* number of words before the verb */
        const char *text; /* the part of the last word that is to be completed; the part before it stays */
        const char *containers; /* isorun-oci's --root, or NULL: the default one */
} Completion;

static const char *current(const Completion *c) {
        return c->words[c->n - 1];
}

/* Prints a candidate if it begins with the typed text. */
static void offer(const Completion *c, const char *word, const char *suffix, const char *help) {
        if (!startswith(word, c->text))
                return;
        for (const char *s = word; *s; s++)
                if (iscntrl((unsigned char) *s))
                        return;
        printf("%.*s%s%s\t", (int) (c->text - current(c)), current(c), word, suffix);
        escape_write(stdout, help);
        putchar('\n');
}

static void offer_all(const Completion *c, char *const *words, const char *help) {
        for (; words && *words; words++)
                offer(c, *words, "", help);
}

/* Asks the shell to complete the word by itself. */
static void leave_to_shell(const Completion *c, const char *what) {
        size_t n = 0;

        for (const char *s = current(c); s < c->text; s++)
                n += ((unsigned char) *s & 0xc0) != 0x80;
        printf("\t%s %zu\n", what, n);
}

static void complete_files(Completion *c) {
        if (!strchr(c->text, ':')) /* after a colon, the path is inside the sandbox */
                leave_to_shell(c, "files");
}

static void complete_directories(Completion *c) {
        leave_to_shell(c, "directories");
}

static void complete_policies(Completion *c) {
        _cleanup_strv_free_ char **path = policy_search_path(getenv("XDG_CONFIG_HOME"), getenv("HOME"), geteuid()),
                                 **names = NULL;

        if (path && policy_list(path, &names) >= 0)
                offer_all(c, names, "a policy");
        leave_to_shell(c, "files");
}

static void complete_instances(Completion *c) {
        _cleanup_(instances_deinit) InstanceList list = {};
        Report silent = {};

        if (instances_find(&list, &silent) < 0)
                return;
        for (size_t i = 0; i < list.n; i++) {
                _cleanup_free_ char *name = list.items[i].nested ? NULL : instance_full_name(&list.items[i]);

                if (name)
                        offer(c, name, "", list.items[i].command ?: "");
        }
}

static void offer_container(const Completion *c, const char *root, const char *id) {
        _cleanup_state_ State state = { .directory = -1 };
        _cleanup_free_ char *help = NULL;
        Report silent = {};
        Status status;

        if (!startswith(id, c->text) || state_load(root, id, &state, &silent) < 0 ||
            state_status(&state, &status, NULL, &silent) < 0)
                return;
        help = format("%s, %s", status_name(status), state.bundle);
        offer(c, id, "", help ?: "");
}

static void complete_containers(Completion *c) {
        _cleanup_free_ char *root = c->containers ? strdup(c->containers) : container_root();
        _cleanup_close_ int fd = root ? open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
        _cleanup_strv_free_ char **ids = NULL;

        if (fd >= 0 && directory_list(fd, &ids) >= 0)
                for (char **id = ids; *id; id++)
                        offer_container(c, root, *id);
}

static void offer_images(const Completion *c, const char *prefix) {
        _cleanup_(store_deinit) Store store = { .fd = -1, .lock = -1 };
        _cleanup_strv_free_ char **names = NULL;
        Report silent = {};

        if (store_open(store_path(getenv("XDG_DATA_HOME"), getenv("HOME"), geteuid()), false, &store, &silent) < 0 ||
            store_names(&store, &names) < 0)
                return;
        for (char **name = names; name && *name; name++) {
                _cleanup_free_ char *word = format("%s%s", prefix, *name);

                if (word)
                        offer(c, word, "", "an image");
        }
}

static void complete_images(Completion *c) {
        offer_images(c, "");
        complete_files(c);
}

static void complete_roots(Completion *c) {
        offer_images(c, ROOT_IMAGE_PREFIX);
}

/* Skips to the last item of a list: after a space, or after the "~" that inverts the list. */
static void skip_to_item(Completion *c) {
        const char *space = strrchr(c->text, ' ');

        if (*c->text == '~')
                c->text++;
        if (space)
                c->text = space + 1;
}

/* Completes a path, which may have "-" or "?" before it. */
static void complete_path_value(Completion *c, const char *syntax) {
        if (*syntax == '[')
                syntax += strcspn(syntax, "]") + 1;
        if (!startswith(syntax, "PATH") && !startswith(syntax, "SRC"))
                return;
        c->text += *c->text == '-' || *c->text == '?';
        complete_files(c);
}

static void complete_value(Completion *c, const Directive *d) {
        _cleanup_strv_free_ char **names = NULL;

        if (d->list)
                skip_to_item(c);
        offer_all(c, (char *const *) d->type->choices, d->help);
        if (d->type->names && d->type->names(&names) >= 0)
                offer_all(c, names, d->help);
        if (directive_id(d) == D_RootDirectory)
                complete_roots(c);
        complete_path_value(c, d->type->syntax);
}

static void complete_assignment_of(Completion *c, Section from, Section to) {
        const char *equals = strchr(c->text, '=');
        _cleanup_free_ char *name = equals ? strndup(c->text, (size_t) (equals - c->text)) : NULL;
        const Directive *known = name ? directive_find(name) : NULL;

        if (known) {
                c->text = equals + 1;
                complete_value(c, known);
        }
        for (const Directive *d = directive_table; !equals && d < directive_table + _DIRECTIVE_MAX; d++)
                if (d->section >= from && d->section <= to)
                        offer(c, d->name, "=", d->help);
}

static void complete_assignment(Completion *c) {
        complete_assignment_of(c, SECTION_POLICY, SECTION_SANDBOX);
}

static void complete_limit(Completion *c) {
        complete_assignment_of(c, SECTION_SCOPE, SECTION_SCOPE);
}

static void complete_signals(Completion *c) {
        _cleanup_strv_free_ char **names = NULL;

        if (type_signal.names(&names) >= 0)
                offer_all(c, names, "");
}

/* Completes the source in NAME=SOURCE. */
static void complete_binding(Completion *c) {
        const char *equals = strchr(c->text, '=');

        if (equals) {
                c->text = equals + 1;
                complete_files(c);
        }
}

static void complete_argument(Completion *c, const Argument *argument) {
        static const struct {
                unsigned flag;
                void (*complete)(Completion *c);
        } table[] = {
                { ARGUMENT_ASSIGNMENT, complete_assignment }, { ARGUMENT_BINDING, complete_binding },
                { ARGUMENT_CONTAINER, complete_containers },
                { ARGUMENT_DIRECTORY, complete_directories }, { ARGUMENT_FILE, complete_files },
                { ARGUMENT_IMAGE, complete_images },          { ARGUMENT_INSTANCE, complete_instances },
                { ARGUMENT_LIMIT, complete_limit },
                { ARGUMENT_POLICY, complete_policies },       { ARGUMENT_ROOT, complete_roots },
                { ARGUMENT_SIGNAL, complete_signals },
        };

        offer_all(c, (char *const *) argument->choices, "");
        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (argument->flags & table[i].flag)
                        table[i].complete(c);
}

static void complete_command(const Completion *c, size_t first) {
        printf("\tcommand %zu\n", c->before + first);
}

static void offer_options(const Completion *c, const Option *options) {
        char name[64];

        for (const Option *o = options; o && o->name; o++) {
                if (option_is_short(o)) {
                        snprintf(name, sizeof(name), "-%c", o->value);
                        offer(c, name, "", o->help);
                }
                snprintf(name, sizeof(name), "--%s", o->name);
                offer(c, name, "", o->help);
        }
}

/* Whether the first n bytes of word are the option; a word may be --name=…. */
static bool is_option(const Option *o, const char *word, size_t n) {
        if (n == 2 && word[0] == '-' && word[1] != '-')
                return word[1] == o->value;
        return n > 2 && startswith(word, "--") && strlen(o->name) == n - 2 && strncmp(o->name, word + 2, n - 2) == 0;
}

static const Option *find_option(const Option *options, const char *word, size_t n) {
        for (const Option *o = options; o && o->name; o++)
                if (is_option(o, word, n))
                        return o;
        return NULL;
}

/* Skips options from word i on, and completes the last word if it is an option or an option's argument. Returns the
 * index of the first word that is neither, or c->n if the last word is completed. */
static size_t take_options(Completion *c, const Syntax *syntax, size_t i) {
        for (; i < c->n; i++) {
                const char *word = c->words[i];
                size_t n = startswith(word, "--") ? strcspn(word, "=") : strnlen(word, 2);
                const Option *o = find_option(syntax->options, word, n) ?: find_option(syntax->common, word, n);
                bool last = i == c->n - 1, takes = o && option_takes_argument(o);

                if (word[0] != '-' || (!last && streq(word, "--")))
                        break;
                if (last && !(takes && word[n])) {
                        offer_options(c, syntax->options);
                        offer_options(c, syntax->common);
                        return c->n;
                }
                if (takes && (last || (!word[n] && i + 1 == c->n - 1))) {
                        c->text = last ? word + n + (word[n] == '=') : current(c);
                        complete_argument(c, &o->argument);
                        return c->n;
                }
                if (takes && !word[n])
                        i++;
        }
        return i;
}

/* Completes the last word. Reads the words from i on as command_line_parse() does. */
static void complete_words(Completion *c, const Syntax *syntax, size_t i) {
        const Argument *next = syntax->arguments;

        for (bool dashes = false;; i++) {
                bool last;

                if (!dashes)
                        i = take_options(c, syntax, i);
                if (i == c->n)
                        return;
                last = i == c->n - 1;
                if (!dashes && !last && streq(c->words[i], "--")) {
                        dashes = true;
                        next = argument_behind_dashes(next);
                        continue;
                }
                if (last && !dashes && next->flags & ARGUMENT_DASHES)
                        offer(c, "--", "", "the command");
                else if (next->flags & ARGUMENT_COMMAND)
                        complete_command(c, i);
                else if (last)
                        complete_argument(c, next);
                if (last || !next->name || argument_takes_rest(next))
                        return;
                next += !(next->flags & ARGUMENT_REPEATED);
        }
}

static void complete_verb(Completion *c, const Verb *verb) {
        const Syntax syntax = verb_syntax(verb);

        complete_words(c, &syntax, 1);
}

static void complete_isoctl(Completion *c, const Verb *const *verbs) {
        const Syntax syntax = { .common = isoctl_options };
        size_t verb = take_options(c, &syntax, 0);

        if (verb == c->n)
                return;
        if (verb < c->n - 1) {
                c->words += verb;
                c->n -= verb;
                c->before = verb;
                for (const Verb *const *v = verbs; *v; v++)
                        if (streq((*v)->name, c->words[0]))
                                complete_verb(c, *v);
                return;
        }
        for (const Verb *const *v = verbs; *v; v++)
                offer(c, (*v)->name, "", (*v)->help);
}

/* The last value of an option in the first n words. */
static const char *given_value(const Completion *c, size_t n, const Option *options, int value) {
        const char *found = NULL;

        for (size_t i = 0; i < n; i++) {
                const char *word = c->words[i];
                size_t name = startswith(word, "--") ? strcspn(word, "=") : strnlen(word, 2);
                const Option *o = find_option(options, word, name);

                if (!o || !option_takes_argument(o))
                        continue;
                word = word[name] ? word + name + (word[name] == '=') : i + 1 < n ? c->words[++i] : NULL;
                found = o->value == value ? word : found;
        }
        return found;
}

static void complete_isorun_oci(Completion *c) {
        const Option *options = oci_global_syntax.options;
        size_t command = take_options(c, &oci_global_syntax, 0);

        if (command == c->n)
                return;
        c->containers = given_value(c, command, options, OCI_ROOT);
        for (int i = 0; i < _OCI_COMMAND_MAX; i++) {
                const Syntax syntax = oci_syntax((OciCommandId) i);

                if (!oci_commands[i].help)
                        continue;
                if (command == c->n - 1)
                        offer(c, syntax.name, "", oci_commands[i].help);
                else if (streq(syntax.name, c->words[command]))
                        complete_words(c, &syntax, command + 1);
        }
}

int verb_complete(const Verb *const *verbs, int argc, char *argv[]) {
        Completion c;

        if (argc < 3)
                return PLAN_FAILED;
        c = (Completion) { .words = argv + 2, .n = (size_t) argc - 2, .text = argv[argc - 1] };
        if (streq(argv[1], "isorun"))
                complete_words(&c, &isorun_syntax, 0);
        else if (streq(argv[1], "isoctl"))
                complete_isoctl(&c, verbs);
        else if (streq(argv[1], "isorun-oci"))
                complete_isorun_oci(&c);
        else
                return PLAN_FAILED;
        return fflush(stdout) != 0 ? PLAN_FAILED : 0;
}
