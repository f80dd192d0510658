// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/cgroup/cgroup_stats.h"

#include "base/file.h"
#include "base/text.h"

#include <array>
#include <charconv>
#include <map>

#include <fcntl.h>

namespace dhow::oci {

namespace {

using Table = std::map<std::string, uint64_t, std::less<>>;

std::vector<std::string> words(std::string_view line) {
    std::vector<std::string> found;
    for (std::string& word : split(trim(line), ' ')) {
        if (!word.empty()) found.push_back(std::move(word));
    }
    return found;
}

std::vector<std::string> lines(std::string_view text) {
    std::vector<std::string> found;
    for (std::string& line : split(text, '\n')) {
        if (!trim(line).empty()) found.push_back(std::move(line));
    }
    return found;
}

// The container's group in one hierarchy, or no group at all: then every file of it is missing.
class Group {
  public:
    explicit Group(const CgroupPlace* place) : folder_(place == nullptr ? "" : place->folder) {}

    [[nodiscard]] std::optional<std::string> text(const std::string& file) const {
        if (folder_.empty()) return std::nullopt;
        auto content = read_file_at(AT_FDCWD, folder_ + "/" + file);
        if (!content) return std::nullopt;
        return content.take();
    }

    // "max" is the greatest number there is.
    [[nodiscard]] std::optional<uint64_t> number(const std::string& file) const {
        const auto content = text(file);
        if (!content) return std::nullopt;
        if (trim(*content) == "max") return UINT64_MAX;
        return parse_int<uint64_t>(trim(*content));
    }

    // Lines of "key value".
    [[nodiscard]] Table table(const std::string& file) const {
        Table found;
        for (const std::string& line : lines(text(file).value_or(""))) {
            const auto pair = words(line);
            if (pair.size() != 2) continue;
            if (const auto value = parse_int<uint64_t>(pair[1])) found[pair[0]] = *value;
        }
        return found;
    }

  private:
    std::string folder_;
};

uint64_t at(const Table& table, std::string_view key) {
    const auto found = table.find(key);
    return found == table.end() ? 0 : found->second;
}

json::Array numbers(const std::vector<uint64_t>& values) {
    json::Array list;
    for (const uint64_t value : values) list.emplace_back(value);
    return list;
}

// Pressure stall information: "some avg10=0.00 avg60=0.00 avg300=0.00 total=0".
void add_pressure(json::Object& to, const Group& group, const std::string& file) {
    const auto content = group.text(file);
    if (!content) return;
    json::Object psi;
    for (const std::string& line : lines(*content)) {
        json::Object entry;
        const auto parts = words(line);
        for (const std::string& part : parts) {
            const auto [key, value] = split_once(part, '=');
            if (!value) continue;
            double number = 0;
            std::from_chars(value->data(), value->data() + value->size(), number);
            if (key == "total") {
                entry[key] = parse_int<uint64_t>(*value).value_or(0);
            } else {
                entry[key] = number;
            }
        }
        psi[parts.front()] = std::move(entry);
    }
    if (!psi.empty()) to["psi"] = std::move(psi);
}

json::Object throttling(const Table& stat, std::string_view time_key, uint64_t unit) {
    return {{"periods", at(stat, "nr_periods")},
            {"throttledPeriods", at(stat, "nr_throttled")},
            {"throttledTime", at(stat, time_key) * unit}};
}

json::Object cpu_v2(const Group& group) {
    constexpr uint64_t kMicro = 1000;
    const Table stat = group.table("cpu.stat");
    json::Object cpu;
    cpu["usage"] = json::Object{{"total", at(stat, "usage_usec") * kMicro},
                                {"kernel", at(stat, "system_usec") * kMicro},
                                {"user", at(stat, "user_usec") * kMicro}};
    cpu["throttling"] = throttling(stat, "throttled_usec", kMicro);
    add_pressure(cpu, group, "cpu.pressure");
    return cpu;
}

json::Object cpu_v1(const Group& cpu_group, const Group& accounts) {
    constexpr uint64_t kTick = 1'000'000'000 / 100;  // USER_HZ is 100 on every architecture of ours
    const Table split_use = accounts.table("cpuacct.stat");
    json::Object usage;
    usage["total"] = accounts.number("cpuacct.usage").value_or(0);
    std::vector<uint64_t> each;
    for (const std::string& word : words(accounts.text("cpuacct.usage_percpu").value_or(""))) {
        each.push_back(parse_int<uint64_t>(word).value_or(0));
    }
    std::vector<uint64_t> kernel;
    std::vector<uint64_t> user;
    for (const std::string& line : lines(accounts.text("cpuacct.usage_all").value_or(""))) {
        const auto columns = words(line);
        if (columns.size() < 3 || columns[0] == "cpu") continue;
        user.push_back(parse_int<uint64_t>(columns[1]).value_or(0));
        kernel.push_back(parse_int<uint64_t>(columns[2]).value_or(0));
    }
    if (!each.empty()) usage["percpu"] = numbers(each);
    if (!kernel.empty()) usage["percpu_kernel"] = numbers(kernel);
    if (!user.empty()) usage["percpu_user"] = numbers(user);
    usage["kernel"] = at(split_use, "system") * kTick;
    usage["user"] = at(split_use, "user") * kTick;
    return {{"usage", std::move(usage)},
            {"throttling", throttling(cpu_group.table("cpu.stat"), "throttled_time", 1)}};
}

// "0-2,5" as 0, 1, 2, 5.
json::Array expand_list(std::string_view text) {
    json::Array list;
    for (const std::string& piece : split(trim(text), ',')) {
        const auto [first, last] = split_once(piece, '-');
        const auto from = parse_int<uint16_t>(first);
        const auto to = last ? parse_int<uint16_t>(*last) : from;
        if (!from || !to) continue;
        for (uint32_t value = *from; value <= *to; ++value) list.emplace_back(value);
    }
    return list;
}

json::Object cpuset(const Group& group) {
    static constexpr std::array<const char*, 8> kFlags = {"cpu_exclusive",
                                                          "mem_hardwall",
                                                          "mem_exclusive",
                                                          "memory_migrate",
                                                          "memory_spread_page",
                                                          "memory_spread_slab",
                                                          "memory_pressure",
                                                          "sched_load_balance"};
    json::Object set;
    if (auto cpus = expand_list(group.text("cpuset.cpus").value_or("")); !cpus.empty()) {
        set["cpus"] = std::move(cpus);
    }
    if (auto mems = expand_list(group.text("cpuset.mems").value_or("")); !mems.empty()) {
        set["mems"] = std::move(mems);
    }
    for (const char* flag : kFlags) {
        set[flag] = group.number(std::string("cpuset.") + flag).value_or(0);
    }
    const auto level = group.text("cpuset.sched_relax_domain_level");
    set["sched_relax_domain_level"] = parse_int<int64_t>(trim(level.value_or("0"))).value_or(0);
    return set;
}

struct MemoryEntry {
    uint64_t limit = 0;
    uint64_t usage = 0;
    uint64_t peak = 0;
    uint64_t failures = 0;

    [[nodiscard]] json::Object object() const {
        return {{"limit", limit}, {"usage", usage}, {"max", peak}, {"failcnt", failures}};
    }
};

MemoryEntry memory_entry_v1(const Group& group, const std::string& prefix) {
    return {.limit = group.number(prefix + ".limit_in_bytes").value_or(0),
            .usage = group.number(prefix + ".usage_in_bytes").value_or(0),
            .peak = group.number(prefix + ".max_usage_in_bytes").value_or(0),
            .failures = group.number(prefix + ".failcnt").value_or(0)};
}

MemoryEntry memory_entry_v2(const Group& group, const std::string& prefix) {
    return {.limit = group.number(prefix + ".max").value_or(0),
            .usage = group.number(prefix + ".current").value_or(0),
            .peak = group.number(prefix + ".peak").value_or(0),
            .failures = at(group.table(prefix + ".events"), "max")};
}

json::Object raw_memory(const Table& stat) {
    json::Object raw;
    for (const auto& [key, value] : stat) raw[key] = value;
    return raw;
}

json::Object memory_v1(const Group& group) {
    const Table stat = group.table("memory.stat");
    return {{"cache", at(stat, "cache")},
            {"usage", memory_entry_v1(group, "memory").object()},
            {"swap", memory_entry_v1(group, "memory.memsw").object()},
            {"kernel", memory_entry_v1(group, "memory.kmem").object()},
            {"kernelTCP", memory_entry_v1(group, "memory.kmem.tcp").object()},
            {"raw", raw_memory(stat)}};
}

json::Object memory_v2(const Group& group) {
    const Table stat = group.table("memory.stat");
    const MemoryEntry usage = memory_entry_v2(group, "memory");
    MemoryEntry both = memory_entry_v2(group, "memory.swap");
    if (group.text("memory.swap.current")) {
        both.usage += usage.usage;
        const bool unlimited = both.limit == UINT64_MAX || usage.limit == UINT64_MAX;
        both.limit = unlimited ? UINT64_MAX : both.limit + usage.limit;
        both.peak = 0;  // the two need not have been at their peaks together
    }
    json::Object memory{{"cache", at(stat, "file")},
                        {"usage", usage.object()},
                        {"swap", both.object()},
                        {"kernel", MemoryEntry{}.object()},
                        {"kernelTCP", MemoryEntry{}.object()},
                        {"raw", raw_memory(stat)}};
    add_pressure(memory, group, "memory.pressure");
    return memory;
}

// No limit is 0 there.
json::Object pids(const Group& group) {
    const auto limit = group.number("pids.max").value_or(0);
    auto current = group.number("pids.current");
    if (!current) current = lines(group.text("cgroup.procs").value_or("")).size();
    return {{"current", *current}, {"limit", limit == UINT64_MAX ? 0 : limit}};
}

json::Object block_entry(uint64_t major, uint64_t minor, std::string_view kind, uint64_t value) {
    json::Object entry{{"major", major}, {"minor", minor}, {"value", value}};
    if (!kind.empty()) entry["op"] = kind;
    return entry;
}

// "8:0 Read 4096"; a line of totals has no device.
json::Array block_lines(const std::string& text) {
    json::Array entries;
    for (const std::string& line : lines(text)) {
        const auto columns = words(line);
        const auto [major, minor] = split_once(columns[0], ':');
        const auto value = parse_int<uint64_t>(columns.back());
        if (!minor || !value || columns.size() < 2) continue;
        entries.emplace_back(block_entry(parse_int<uint64_t>(major).value_or(0),
                                         parse_int<uint64_t>(*minor).value_or(0),
                                         columns.size() > 2 ? columns[1] : "",
                                         *value));
    }
    return entries;
}

// Whichever scheduler counts: bfq's files, else those of the throttling layer.
json::Object block_v1(const Group& group) {
    struct Counter {
        const char* file;
        const char* member;
    };

    static constexpr std::array<Counter, 8> kCounters = {
        {{"io_service_bytes_recursive", "ioServiceBytesRecursive"},
         {"io_serviced_recursive", "ioServicedRecursive"},
         {"io_queued_recursive", "ioQueueRecursive"},
         {"io_service_time_recursive", "ioServiceTimeRecursive"},
         {"io_wait_time_recursive", "ioWaitTimeRecursive"},
         {"io_merged_recursive", "ioMergedRecursive"},
         {"time_recursive", "ioTimeRecursive"},
         {"sectors_recursive", "sectorsRecursive"}}};
    json::Object block;
    for (const char* layer : {"blkio.bfq.", "blkio.throttle."}) {
        for (const Counter& counter : kCounters) {
            const auto text = group.text(std::string(layer) + counter.file);
            if (!text || block.contains(counter.member)) continue;
            auto entries = block_lines(*text);
            if (!entries.empty()) block[counter.member] = std::move(entries);
        }
    }
    return block;
}

// "8:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0"
json::Object block_v2(const Group& group) {
    json::Array bytes;
    json::Array operations;
    for (const std::string& line : lines(group.text("io.stat").value_or(""))) {
        const auto columns = words(line);
        const auto [left, right] = split_once(columns[0], ':');
        const uint64_t major = parse_int<uint64_t>(left).value_or(0);
        const uint64_t minor = parse_int<uint64_t>(right.value_or("")).value_or(0);
        for (const std::string& column : columns) {
            const auto [key, value] = split_once(column, '=');
            const auto number = value ? parse_int<uint64_t>(*value) : std::nullopt;
            if (!number) continue;
            const char* kind = key.starts_with('r') ? "Read" : "Write";
            if (key == "rbytes" || key == "wbytes") {
                bytes.emplace_back(block_entry(major, minor, kind, *number));
            } else if (key == "rios" || key == "wios") {
                operations.emplace_back(block_entry(major, minor, kind, *number));
            }
        }
    }
    json::Object block;
    if (!bytes.empty()) block["ioServiceBytesRecursive"] = std::move(bytes);
    if (!operations.empty()) block["ioServicedRecursive"] = std::move(operations);
    add_pressure(block, group, "io.pressure");
    return block;
}

// "hugepages-2048kB" is "2MB" in the names of the controller's files.
std::vector<std::string> page_sizes() {
    std::vector<std::string> sizes;
    const auto names = list_dir_at(AT_FDCWD, "/sys/kernel/mm/hugepages");
    if (!names) return sizes;
    for (const std::string& name : *names) {
        constexpr std::string_view kPrefix = "hugepages-";
        if (!name.starts_with(kPrefix) || !name.ends_with("kB")) continue;
        const auto kilo = parse_int<uint64_t>(
            std::string_view(name).substr(kPrefix.size(), name.size() - kPrefix.size() - 2));
        if (!kilo) continue;
        const auto [shift, unit] = *kilo >= 1U << 20U   ? std::pair(20U, "GB")
                                   : *kilo >= 1U << 10U ? std::pair(10U, "MB")
                                                        : std::pair(0U, "KB");
        sizes.push_back(std::to_string(*kilo >> shift) + unit);
    }
    return sizes;
}

json::Object hugepages(const Group& group, bool v2) {
    json::Object all;
    for (const std::string& size : page_sizes()) {
        const std::string plain = "hugetlb." + size;
        const char* usage = v2 ? ".current" : ".usage_in_bytes";
        // What is reserved counts, where the kernel tells it (5.7).
        const bool reserved = group.number(plain + ".rsvd" + usage).has_value();
        const std::string prefix = plain + (reserved ? ".rsvd" : "");
        const auto used = group.number(prefix + usage);
        if (!used) continue;
        json::Object entry{{"usage", *used}};
        if (v2) {
            entry["failcnt"] = at(group.table(plain + ".events"), "max");
        } else {
            entry["max"] = group.number(prefix + ".max_usage_in_bytes").value_or(0);
            entry["failcnt"] = group.number(prefix + ".failcnt").value_or(0);
        }
        all[size] = std::move(entry);
    }
    return all;
}

// "mlx4_0 hca_handle=2 hca_object=max"
json::Array rdma_lines(const std::string& text) {
    json::Array entries;
    for (const std::string& line : lines(text)) {
        const auto columns = words(line);
        json::Object entry{{"device", columns[0]}};
        for (const std::string& column : columns) {
            const auto [key, value] = split_once(column, '=');
            if (!value) continue;
            const uint32_t number =
                *value == "max" ? UINT32_MAX : parse_int<uint32_t>(*value).value_or(0);
            if (key == "hca_handle") entry["hca_handles"] = number;
            if (key == "hca_object") entry["hca_objects"] = number;
        }
        entries.emplace_back(std::move(entry));
    }
    return entries;
}

void add_rdma(json::Object& to, const Group& group) {
    auto current = rdma_lines(group.text("rdma.current").value_or(""));
    if (current.empty()) return;
    to["rdma"] = json::Object{{"current", std::move(current)},
                              {"limit", rdma_lines(group.text("rdma.max").value_or(""))}};
}

}  // namespace

json::Object cgroup_stats(const ContainerCgroup& cgroup) {
    const auto group = [&cgroup](std::string_view controller) {
        return Group(cgroup.with_controller(controller));
    };
    const bool v2 = cgroup.unified() != nullptr;
    const Group all(cgroup.unified());
    json::Object stats;
    stats["cpu"] = v2 ? cpu_v2(all) : cpu_v1(group("cpu"), group("cpuacct"));
    stats["cpuset"] = cpuset(v2 ? all : group("cpuset"));
    stats["memory"] = v2 ? memory_v2(all) : memory_v1(group("memory"));
    stats["pids"] = pids(v2 ? all : group("pids"));
    stats["blkio"] = v2 ? block_v2(all) : block_v1(group("blkio"));
    stats["hugetlb"] = hugepages(v2 ? all : group("hugetlb"), v2);
    add_rdma(stats, v2 ? all : group("rdma"));
    stats["intel_rdt"] = json::Object();
    stats["network_interfaces"] = nullptr;
    return stats;
}

std::optional<uint64_t> oom_kill_count(const ContainerCgroup& cgroup) {
    const bool v2 = cgroup.unified() != nullptr;
    const Group group(v2 ? cgroup.unified() : cgroup.with_controller("memory"));
    const Table table = group.table(v2 ? "memory.events" : "memory.oom_control");
    const auto found = table.find("oom_kill");
    if (found == table.end()) return std::nullopt;
    return found->second;
}

}  // namespace dhow::oci
