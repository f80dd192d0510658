// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/cgroup/intel_rdt.h"

#include "base/file.h"
#include "base/text.h"

#include <algorithm>
#include <cerrno>
#include <map>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dhow::oci {

std::string find_resctrl(std::string_view mountinfo) {
    for (const std::string& line : split(mountinfo, '\n')) {
        if (line.find(" - resctrl ") == std::string::npos) continue;
        const auto words = split(line, ' ');
        if (words.size() > 4) return words[4];
    }
    return {};
}

std::vector<std::string> schemata_lines(const IntelRdt& wanted) {
    std::vector<std::string> lines;
    for (const std::string& line : split(wanted.l3_cache_schema, '\n')) {
        // Bandwidth has a member of its own, which wins.
        if (!trim(line).empty() && !trim(line).starts_with("MB:")) lines.emplace_back(trim(line));
    }
    if (!trim(wanted.mem_bw_schema).empty()) lines.emplace_back(trim(wanted.mem_bw_schema));
    lines.insert(lines.end(), wanted.schemata.begin(), wanted.schemata.end());
    return lines;
}

namespace {

// A name below the root, and none of those that the kernel keeps there.
Status check_class(const std::string& name) {
    const bool reserved = name == "info" || name == "mon_groups" || name == "mon_data";
    const bool path = name.find_first_of("/\n") != std::string::npos || name == "." || name == "..";
    if (!name.empty() && !reserved && !path) return {};
    return make_error(ErrorKind::InvalidArgument,
                      "config.json: invalid intelRdt.closID '" + printable(name) + "'");
}

// "L3:0=00ff;1=f" as L3 -> {0 -> "ff", 1 -> "f"}.
std::map<std::string, std::map<std::string, std::string>> parse_schemata(
    const std::vector<std::string>& lines) {
    std::map<std::string, std::map<std::string, std::string>> all;
    for (const std::string& line : lines) {
        const auto [resource, domains] = split_once(trim(line), ':');
        for (const std::string& domain : split(domains.value_or(""), ';')) {
            const auto [name, value] = split_once(trim(domain), '=');
            std::string_view digits = trim(value.value_or(""));
            while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
            all[std::string(trim(resource))][std::string(trim(name))] = digits;
        }
    }
    return all;
}

// Others live by it already: it is not this container's to change.
Status check_same(const std::string& group, const std::vector<std::string>& lines) {
    if (lines.empty()) return {};
    const auto text = TRY(read_file_at(AT_FDCWD, group + "/schemata"));
    const auto present = parse_schemata(split(text, '\n'));
    for (const auto& [resource, domains] : parse_schemata(lines)) {
        for (const auto& [domain, value] : domains) {
            const auto line = present.find(resource);
            const bool known = line != present.end() && line->second.contains(domain);
            if (known && line->second.at(domain) == value) continue;
            return make_error(ErrorKind::Conflict,
                              "intelRdt: class '" + group + "' exists and is not '" +
                                  printable(resource + ":" + domain + "=" + value) + "'",
                              "choose another closID, or leave its schemata out");
        }
    }
    return {};
}

// The kernel takes all lines in one write, and tells why not in another file.
Status write_schemata(const std::string& root,
                      const std::string& group,
                      const std::vector<std::string>& lines) {
    if (lines.empty()) return {};
    auto written = write_existing_at(AT_FDCWD, group + "/schemata", join(lines, "\n") + "\n");
    if (written) return {};
    const auto why = read_file_at(AT_FDCWD, root + "/info/last_cmd_status");
    const std::string reason = why ? " (" + printable(trim(*why)) + ")" : "";
    return std::move(written).error().context("set intelRdt schemata" + reason);
}

// A kernel without counting has no such folder.
Status make_monitor(ContainerRdt& rdt, const std::string& id) {
    const std::string folder = rdt.group + "/mon_groups/" + id;
    if (::mkdir(folder.c_str(), 0755) != 0) {
        return system_error("make intelRdt monitoring group '" + folder + "'");
    }
    rdt.monitor = folder;
    return {};
}

Status set_up(ContainerRdt& rdt,
              const std::string& root,
              const IntelRdt& wanted,
              const std::string& id) {
    const auto lines = schemata_lines(wanted);
    const bool whole = wanted.clos_id == "/" ||
                       (wanted.clos_id.empty() && lines.empty() && wanted.enable_monitoring);
    const std::string name = wanted.clos_id.empty() ? id : wanted.clos_id;
    if (!whole) TRY(check_class(name));
    rdt.group = whole ? root : root + "/" + name;
    if (!exists_at(AT_FDCWD, rdt.group)) {
        if (!wanted.clos_id.empty() && lines.empty()) {
            return make_error(ErrorKind::NotFound,
                              "intelRdt: there is no class of service '" + printable(name) + "'",
                              "make it, or say what its schemata are");
        }
        if (::mkdir(rdt.group.c_str(), 0755) != 0) {
            return system_error("make intelRdt class '" + rdt.group + "'");
        }
        rdt.own = true;
        TRY(write_schemata(root, rdt.group, lines));
    } else {
        TRY(check_same(rdt.group, lines));
    }
    return wanted.enable_monitoring ? make_monitor(rdt, id) : Status();
}

}  // namespace

Result<ContainerRdt> create_rdt(const std::string& root,
                                const IntelRdt& wanted,
                                const std::string& id) {
    ContainerRdt rdt;
    auto made = set_up(rdt, root, wanted, id);
    if (made) return rdt;
    ignore(destroy_rdt(rdt), "the first error is the one to tell");
    return std::move(made).error();
}

Result<ContainerRdt> create_rdt(const IntelRdt& wanted, const std::string& id) {
    const auto mounts = TRY(read_file_at(AT_FDCWD, "/proc/self/mountinfo"));
    const std::string root = find_resctrl(mounts);
    if (!root.empty()) return create_rdt(root, wanted, id);
    return make_error(ErrorKind::Unsupported,
                      "config.json: linux.intelRdt: no resctrl file system is mounted",
                      "where the processor has it: mount -t resctrl resctrl /sys/fs/resctrl");
}

Status join_rdt(const ContainerRdt& rdt, pid_t pid) {
    for (const std::string* folder : {&rdt.group, &rdt.monitor}) {
        if (folder->empty()) continue;
        TRY_CONTEXT(write_existing_at(AT_FDCWD, *folder + "/tasks", std::to_string(pid)),
                    "join intelRdt group '" + *folder + "'");
    }
    return {};
}

Status update_rdt(const ContainerRdt& rdt, const IntelRdt& changes) {
    if (rdt.own) {
        return write_schemata(
            rdt.group.substr(0, rdt.group.rfind('/')), rdt.group, schemata_lines(changes));
    }
    return make_error(ErrorKind::Conflict,
                      "update intelRdt: the container has no class of service of its own");
}

Status destroy_rdt(const ContainerRdt& rdt) {
    for (const std::string* folder : {&rdt.monitor, rdt.own ? &rdt.group : nullptr}) {
        if (folder == nullptr || folder->empty()) continue;
        if (::rmdir(folder->c_str()) != 0 && errno != ENOENT) {
            return system_error("remove intelRdt group '" + *folder + "'");
        }
    }
    return {};
}

}  // namespace dhow::oci
