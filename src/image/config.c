/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/config.h"

#include <errno.h>

#include "image/json.h"
#include "util/parse.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"
#include "util/word.h"

/* Notices are few, however long the config is. */
enum { NOTICES_MAX = 10 };

typedef struct ConfigWriter {
        Text *text;
        Report *report;
        unsigned notices;
} ConfigWriter;

static void ignore(ConfigWriter *w, const char *key, const char *value, const char *why) {
        if (w->notices++ < NOTICES_MAX)
                report_notice(w->report, "the image's %s is not used: \"%.200s\" (%s)", key, value, why);
}

static void write_word(ConfigWriter *w, const char *key, const char *word) {
        fprintf(w->text->f, "%s=", key);
        word_write(w->text->f, word, WORD_PERCENT);
        fputc('\n', w->text->f);
}

static void write_words(ConfigWriter *w, const json_t *words, bool *first) {
        for (size_t i = 0; i < json_array_size(words); i++) {
                const char *word = json_string_value(json_array_get(words, i));

                if (!word)
                        continue;
                fputs(*first ? "ExecStart=" : " ", w->text->f);
                word_write(w->text->f, word, WORD_PERCENT | WORD_DOLLAR);
                *first = false;
        }
}

static const char *first_word(const json_t *words) {
        const char *word = NULL;

        for (size_t i = 0; !word && i < json_array_size(words); i++)
                word = json_string_value(json_array_get(words, i));
        return word;
}

/* ExecStart= takes no command whose first word is empty or begins like one of its prefixes. */
static void write_command(ConfigWriter *w, const json_t *config) {
        const json_t *entrypoint = json_object_get(config, "Entrypoint"), *command = json_object_get(config, "Cmd");
        const char *word = first_word(entrypoint) ?: first_word(command);
        bool first = true;

        if (word && (!*word || strchr("@-:+!|", *word))) {
                ignore(w, "command", word, "its first word is empty or begins with @, -, :, +, ! or |");
                return;
        }
        write_words(w, entrypoint, &first);
        write_words(w, command, &first);
        if (!first)
                fputc('\n', w->text->f);
}

static bool is_assignment(const char *text) {
        size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

        return n > 0 && text[n] == '=' && !(text[0] >= '0' && text[0] <= '9');
}

static void write_environment(ConfigWriter *w, const json_t *config) {
        const json_t *list = json_object_get(config, "Env");

        for (size_t i = 0; i < json_array_size(list); i++) {
                const char *item = json_string_value(json_array_get(list, i));

                if (item && is_assignment(item))
                        write_word(w, "Environment", item);
                else
                        ignore(w, "Env", item ?: "", "not NAME=VALUE");
        }
}

static bool is_place(const char *path) {
        return path[0] == '/' && path_is_safe(path) && !streq(path, "/") && !strpbrk(path, ":\\");
}

static void write_volumes(ConfigWriter *w, json_t *config) {
        const char *path;
        json_t *value;

        json_object_foreach(json_object_get(config, "Volumes"), path, value)
                if (is_place(path))
                        write_word(w, "TemporaryFileSystem", path);
                else
                        ignore(w, "Volumes", path, "not an absolute path");
}

/* Whether a line that ends with this text has it as its value: WorkingDirectory= knows no quotes and no escapes. */
static bool is_value(const char *text) {
        for (const char *c = text; *c; c++)
                if ((unsigned char) *c < ' ')
                        return false;
        return !*text || !strchr(" \\", text[strlen(text) - 1]);
}

static void write_directory(ConfigWriter *w, const json_t *config) {
        const char *path = json_text_of(config, "WorkingDir");

        if (path && path[0] == '/' && path_is_safe(path) && is_value(path)) {
                fputs("WorkingDirectory=", w->text->f);
                percent_write(w->text->f, path);
                fputc('\n', w->text->f);
        } else if (path && *path)
                ignore(w, "WorkingDir", path, "not an absolute path that a policy can have");
}

/* Without a unit there is nobody to send the signal, and that must not keep the image from starting. */
static void write_signal(ConfigWriter *w, const json_t *config) {
        const char *signal = json_text_of(config, "StopSignal");
        int number;

        if (!signal || !*signal)
                return;
        if (parse_signal(signal, &number) < 0)
                ignore(w, "StopSignal", signal, "not a signal");
        else
                fprintf(w->text->f, "[Policy]\nOptional=KillSignal\n[Scope]\nKillSignal=%s\n", signal);
}

static bool has_variable(const json_t *config, const char *name) {
        const json_t *list = json_object_get(config, "Env");

        for (size_t i = 0; i < json_array_size(list); i++) {
                const char *rest = startswith(json_string_value(json_array_get(list, i)) ?: "", name);

                if (rest && *rest == '=')
                        return true;
        }
        return false;
}

/* Root is what an instance of an image begins with anyway. */
static void write_user(ConfigWriter *w, const json_t *config, const ConfigIds *ids) {
        const char *user = json_text_of(config, "User");

        if (ids->keep && ids->subordinate && (ids->others || ids->uid != 0 || ids->gid != 0))
                fputs("PrivateUsers=subordinate\n", w->text->f);
        if (ids->keep && (ids->uid != 0 || ids->gid != 0)) {
                fprintf(w->text->f, "User=%u\nGroup=%u\n", ids->uid, ids->gid);
                if (ids->home && !has_variable(config, "HOME")) {
                        _cleanup_free_ char *home = format("HOME=%s", ids->home);

                        if (home)
                                write_word(w, "Environment", home);
                }
        }
        if (!ids->keep && user && *user)
                ignore(w, "User", user, "all files of the image are yours, and so is the program");
}

static void write_policy(ConfigWriter *w, json_t *config, const ConfigIds *ids) {
        fputs("[Policy]\n", w->text->f);
        write_command(w, config);
        fputs("[Sandbox]\n", w->text->f);
        write_environment(w, config);
        write_directory(w, config);
        write_volumes(w, config);
        write_user(w, config, ids);
        write_signal(w, config);
}

int config_write_policy(const char *text, size_t size, const ConfigIds *ids, char **ret, Report *report) {
        _cleanup_json_ json_t *json = json_parse(text, size, "the image's config", report);
        _cleanup_text_ Text out = {};
        ConfigWriter w = { .text = &out, .report = report };

        if (!json)
                return -EBADMSG;
        if (text_open(&out) < 0)
                return report_oom(report);
        write_policy(&w, json_object_get(json, "config"), ids);
        *ret = text_finish(&out);
        return *ret ? 0 : report_oom(report);
}

void config_facts_deinit(ConfigFacts *facts) {
        free(facts->user);
        strv_free(facts->ports);
        *facts = (ConfigFacts) {};
}

int config_read_facts(const char *text, size_t size, ConfigFacts *ret, Report *report) {
        _cleanup_json_ json_t *json = json_parse(text, size, "the image's config", report);
        json_t *config = json_object_get(json, "config"), *ports = json_object_get(config, "ExposedPorts"), *value;
        const char *user = json_text_of(config, "User"), *port;
        size_t n = 0;
        _cleanup_(config_facts_deinit) ConfigFacts facts = {};

        if (!json)
                return -EBADMSG;
        facts.ports = calloc(json_object_size(ports) + 1, sizeof(char *));
        if (!facts.ports)
                return report_oom(report);
        json_object_foreach(ports, port, value) {
                facts.ports[n] = strdup(port);
                if (!facts.ports[n++])
                        return report_oom(report);
        }
        facts.user = user && *user ? strdup(user) : NULL;
        if (user && *user && !facts.user)
                return report_oom(report);
        *ret = facts;
        facts = (ConfigFacts) {};
        return 0;
}
