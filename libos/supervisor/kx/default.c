/* SPDX-License-Identifier: MPL-2.0 */
/* kx spec: a config.json to start from, as `runc spec` writes one. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "kx.h"

static const char manifest[] =
    "{\n"
    "    \"ociVersion\": \"1.0.2\",\n"
    "    \"process\": {\n"
    "        \"terminal\": true,\n"
    "        \"user\": { \"uid\": 0, \"gid\": 0 },\n"
    "        \"args\": [ \"sh\" ],\n"
    "        \"env\": [\n"
    "            \"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\",\n"
    "            \"TERM=xterm\"\n"
    "        ],\n"
    "        \"cwd\": \"/\",\n"
    "        \"rlimits\": [ { \"type\": \"RLIMIT_NOFILE\", \"soft\": 1024, \"hard\": 1024 } ],\n"
    "        \"noNewPrivileges\": true\n"
    "    },\n"
    "    \"root\": { \"path\": \"rootfs\", \"readonly\": true },\n"
    "    \"hostname\": \"kx\",\n"
    "    \"mounts\": [\n"
    "        { \"destination\": \"/proc\", \"type\": \"proc\", \"source\": \"proc\" },\n"
    "        { \"destination\": \"/dev\", \"type\": \"devtmpfs\", \"source\": \"devtmpfs\",\n"
    "          \"options\": [ \"nosuid\", \"mode=755\" ] },\n"
    "        { \"destination\": \"/dev/pts\", \"type\": \"devpts\", \"source\": \"devpts\",\n"
    "          \"options\": [ \"nosuid\", \"noexec\", \"mode=0620\", \"gid=5\" ] },\n"
    "        { \"destination\": \"/tmp\", \"type\": \"tmpfs\", \"source\": \"tmpfs\",\n"
    "          \"options\": [ \"nosuid\", \"nodev\", \"mode=1777\" ] },\n"
    "        { \"destination\": \"/sys\", \"type\": \"sysfs\", \"source\": \"sysfs\",\n"
    "          \"options\": [ \"nosuid\", \"noexec\", \"nodev\", \"ro\" ] }\n"
    "    ],\n"
    "    \"linux\": {\n"
    "        \"resources\": {\n"
    "            \"memory\": { \"limit\": 67108864 },\n"
    "            \"cpu\": { \"quota\": 50000, \"period\": 100000 },\n"
    "            \"pids\": { \"limit\": 64 }\n"
    "        },\n"
    "        \"namespaces\": [\n"
    "            { \"type\": \"pid\" }, { \"type\": \"network\" }, { \"type\": \"ipc\" },\n"
    "            { \"type\": \"uts\" }, { \"type\": \"mount\" }, { \"type\": \"user\" }, { \"type\": "
    "\"cgroup\" }\n"
    "        ]\n"
    "    },\n"
    "    \"annotations\": { \"org.kxos.libos\": \"linux\", \"org.kxos.isolation\": \"fast\" }\n"
    "}\n";

static void write_manifest(const char *bundle)
{
    const char *file = kx_print("%s/config.json", bundle);
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, manifest, sizeof(manifest) - 1) != (ssize_t)sizeof(manifest) - 1 || close(fd) < 0)
        kx_die("spec: cannot write %s: %s", file, strerror(errno));
}

int kx_spec_command(const struct kx_command *command, int argc, char **argv)
{
    const char *bundle = NULL;
    const struct kx_option options[] = {
        {'b', "bundle", "DIR", KX_TEXT, &bundle, "write it to DIR/config.json, which must not exist"}, {0}};
    kx_options(command, options, argc, argv, KX_ANYWHERE, 0, 0);
    if (bundle)
        write_manifest(bundle);
    else
        fputs(manifest, stdout);
    return 0;
}
