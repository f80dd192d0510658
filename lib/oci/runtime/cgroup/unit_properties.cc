// SPDX-License-Identifier: Apache-2.0
// Limits and annotations as properties of a systemd unit (oci/runtime/cgroup/cgroup_unit.h).
#include "base/text.h"
#include "oci/runtime/cgroup/cgroup_unit.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace dhow::oci {

using rootless::UnitBytes;
using rootless::UnitProperty;
using rootless::UnitValue;

namespace {

constexpr uint64_t kSecond = 1'000'000;       // microseconds
constexpr uint64_t kDefaultPeriod = 100'000;  // of cpu.max and cpu.cfs_period_us
constexpr uint64_t kPercent = kSecond / 100;

// "max", "-1", or bytes with one of the kernel's suffixes.
std::optional<uint64_t> amount(std::string_view text) {
    if (text == "max" || text == "-1") return UINT64_MAX;
    size_t shift = 0;
    for (const auto& [letter, bits] : {std::pair{'K', 10}, {'M', 20}, {'G', 30}}) {
        if (!text.empty() && (text.back() == letter || text.back() == letter + 'a' - 'A')) {
            shift = static_cast<size_t>(bits);
        }
    }
    if (shift != 0) text.remove_suffix(1);
    const auto number = parse_int<uint64_t>(text);
    if (!number || *number > (UINT64_MAX >> shift)) return std::nullopt;
    return *number << shift;
}

// "0-2,5" as bits, the first processor in the lowest of the first byte.
std::optional<UnitBytes> bits_of(std::string_view list) {
    constexpr uint32_t kMost = 65536;
    UnitBytes bits;
    for (const std::string& piece : split(list, ',')) {
        const std::string_view range = trim(piece);
        if (range.empty()) continue;
        const auto [first, last] = split_once(range, '-');
        const auto from = parse_int<uint32_t>(first);
        const auto to = last ? parse_int<uint32_t>(*last) : from;
        if (!from || !to || *from > *to || *to >= kMost) return std::nullopt;
        if (bits.size() <= *to / 8) bits.resize(*to / 8 + 1);
        for (uint32_t bit = *from; bit <= *to; ++bit) {
            bits[bit / 8] = static_cast<uint8_t>(bits[bit / 8] | (1U << bit % 8));
        }
    }
    if (bits.empty()) return std::nullopt;
    return bits;
}

// What of a second a quota of microseconds a period is, in whole percents, no less than asked for.
uint64_t per_second(uint64_t quota, uint64_t period) {
    const uint64_t share = quota * kSecond / period;
    return (share + kPercent - 1) / kPercent * kPercent;
}

struct Quota {
    std::optional<uint64_t> quota;  // nullopt: none
    uint64_t period = kDefaultPeriod;
};

// "50000 100000", "max 100000"
Quota parse_cpu_max(const std::string& value) {
    const auto words = split(value, ' ');
    Quota parsed{parse_int<uint64_t>(words[0]), kDefaultPeriod};
    if (words.size() > 1) parsed.period = parse_int<uint64_t>(words[1]).value_or(kDefaultPeriod);
    if (parsed.period == 0) parsed.period = kDefaultPeriod;
    return parsed;
}

class Properties {
  public:
    void put(const char* name, UnitValue value) {
        std::erase_if(list_, [name](const UnitProperty& known) { return known.name == name; });
        list_.push_back({name, std::move(value)});
    }

    void put_quota(const Quota& wanted) {
        put("CPUQuotaPeriodUSec", wanted.period);
        put("CPUQuotaPerSecUSec",
            wanted.quota ? per_second(*wanted.quota, wanted.period) : UINT64_MAX);
    }

    std::vector<UnitProperty> take() { return std::move(list_); }

  private:
    std::vector<UnitProperty> list_;
};

struct Same {
    std::string_view file;
    const char* property;
};

constexpr std::array<Same, 10> kAmounts = {{{"memory.max", "MemoryMax"},
                                            {"memory.high", "MemoryHigh"},
                                            {"memory.low", "MemoryLow"},
                                            {"memory.min", "MemoryMin"},
                                            {"memory.swap.max", "MemorySwapMax"},
                                            {"pids.max", "TasksMax"},
                                            {"cpu.weight", "CPUWeight"},
                                            {"memory.limit_in_bytes", "MemoryLimit"},
                                            {"cpu.shares", "CPUShares"},
                                            {"blkio.weight", "BlockIOWeight"}}};

void add_property(Properties& properties, const CgroupWrite& write, bool idle_weight) {
    for (const Same& same : kAmounts) {
        const auto value = same.file == write.file ? amount(write.value) : std::nullopt;
        if (value) properties.put(same.property, *value);
    }
    if (write.file == "cpu.idle" && write.value == "1" && idle_weight) {
        properties.put("CPUWeight", uint64_t{0});
    }
    if (write.file == "cpu.max") properties.put_quota(parse_cpu_max(write.value));
    if (write.file == "io.bfq.weight") {
        if (const auto value = amount(write.other_value)) properties.put("IOWeight", *value);
    }
    const bool cpus = write.file == "cpuset.cpus";
    if (cpus || write.file == "cpuset.mems") {
        auto bits = bits_of(write.value);
        if (bits) properties.put(cpus ? "AllowedCPUs" : "AllowedMemoryNodes", std::move(*bits));
    }
}

const CgroupWrite* find(const std::vector<CgroupWrite>& writes, std::string_view file) {
    for (const CgroupWrite& write : writes) {
        if (write.file == file) return &write;
    }
    return nullptr;
}

// The two files of version 1 as one of version 2.
std::optional<Quota> quota_v1(const std::vector<CgroupWrite>& writes) {
    const CgroupWrite* quota = find(writes, "cpu.cfs_quota_us");
    const CgroupWrite* period = find(writes, "cpu.cfs_period_us");
    if (quota == nullptr && period == nullptr) return std::nullopt;
    return parse_cpu_max((quota == nullptr ? "max" : quota->value) + " " +
                         (period == nullptr ? "" : period->value));
}

std::string device_node(const DeviceRule& rule) {
    const bool block = rule.type == "b";
    const auto number = [](const std::optional<int64_t>& value) {
        return value && *value >= 0 ? std::to_string(*value) : std::string("*");
    };
    if (rule.minor && *rule.minor >= 0) {
        return (block ? "/dev/block/" : "/dev/char/") + number(rule.major) + ":" +
               number(rule.minor);
    }
    return (block ? "block-" : "char-") + number(rule.major);
}

enum class Kind { Text, Flag, Time, Signal, List };

struct Known {
    std::string_view name;
    Kind kind;
};

constexpr std::array<Known, 11> kHarmless = {{{"After", Kind::List},
                                              {"Before", Kind::List},
                                              {"CollectMode", Kind::Text},
                                              {"DefaultDependencies", Kind::Flag},
                                              {"Description", Kind::Text},
                                              {"FinalKillSignal", Kind::Signal},
                                              {"KillSignal", Kind::Signal},
                                              {"OOMPolicy", Kind::Text},
                                              {"RuntimeMaxUSec", Kind::Time},
                                              {"SendSIGHUP", Kind::Flag},
                                              {"TimeoutStopUSec", Kind::Time}}};

// 'text' and "text" of GVariant's notation; a bare word is itself.
std::string unquote(std::string_view text) {
    text = trim(text);
    const bool quoted = text.size() > 1 && text.front() == text.back() &&
                        (text.front() == '\'' || text.front() == '"');
    return std::string(quoted ? text.substr(1, text.size() - 2) : text);
}

std::optional<UnitValue> parse_value(Kind kind, std::string_view text, bool seconds) {
    text = trim(text);
    // "uint64 5": the type in front is known anyway.
    const std::string_view word = text.substr(text.rfind(' ') + 1);
    switch (kind) {
        case Kind::Text:
            return unquote(text);
        case Kind::Flag:
            if (word != "true" && word != "false") return std::nullopt;
            return word == "true";
        case Kind::Signal: {
            const auto number = parse_int<int32_t>(word);
            return number ? std::optional<UnitValue>(*number) : std::nullopt;
        }
        case Kind::Time: {
            double number = 0;
            const char* end = word.data() + word.size();
            const auto [stop, code] = std::from_chars(word.data(), end, number);
            constexpr double kMost = 1e15;
            if (code != std::errc{} || stop != end || number < 0 || number > kMost) {
                return std::nullopt;
            }
            return static_cast<uint64_t>(seconds ? number * kSecond : number);
        }
        case Kind::List: {
            if (text.starts_with('[') && text.ends_with(']'))
                text = text.substr(1, text.size() - 2);
            std::vector<std::string> list;
            for (const std::string& piece : split(text, ',')) {
                if (!trim(piece).empty()) list.push_back(unquote(piece));
            }
            return list;
        }
    }
    return std::nullopt;
}

Result<UnitProperty> parse_annotation(const std::string& given, const std::string& value) {
    // TimeoutStopSec is TimeoutStopUSec in other units, as in unit files.
    const bool seconds = given.ends_with("Sec") && !given.ends_with("USec");
    const std::string name = seconds ? given.substr(0, given.size() - 3) + "USec" : given;
    const auto known = std::find_if(kHarmless.begin(), kHarmless.end(), [&](const Known& entry) {
        return entry.name == name && (!seconds || entry.kind == Kind::Time);
    });
    const std::string what = "annotation 'org.systemd.property." + printable(given) + "'";
    if (known == kHarmless.end()) {
        return make_error(ErrorKind::InvalidArgument,
                          what + ": not among the properties that an annotation may set",
                          "limits belong in linux.resources; the rest in a drop-in of the slice");
    }
    const bool clean = std::none_of(
        value.begin(), value.end(), [](unsigned char byte) { return byte < 0x20 || byte == 0x7f; });
    auto parsed = clean ? parse_value(known->kind, value, seconds) : std::nullopt;
    if (parsed) return UnitProperty{name, std::move(*parsed)};
    return make_error(ErrorKind::InvalidArgument,
                      what + ": malformed value '" + printable(value) + "'");
}

}  // namespace

std::vector<UnitProperty> unit_properties(const std::vector<CgroupWrite>& writes,
                                          bool idle_weight) {
    Properties properties;
    for (const CgroupWrite& write : writes) add_property(properties, write, idle_weight);
    if (const auto quota = quota_v1(writes)) properties.put_quota(*quota);
    return properties.take();
}

std::vector<UnitProperty> device_properties(const std::vector<DeviceRule>& rules) {
    std::vector<std::pair<std::string, std::string>> allowed;
    bool everything = true;
    for (const DeviceRule& rule : rules) {
        const bool any_type = rule.type.empty() || rule.type == "a";
        const std::string access = rule.access.empty() ? "rwm" : rule.access;
        if (any_type) {
            everything = rule.allow;
            allowed.clear();
        } else if (rule.allow) {
            allowed.emplace_back(device_node(rule), access);
        } else {
            const std::string node = device_node(rule);
            std::erase_if(allowed, [&node](const auto& entry) { return entry.first == node; });
        }
    }
    if (everything) allowed.clear();
    return {{"DevicePolicy", std::string(everything ? "auto" : "strict")},
            {"DeviceAllow", std::move(allowed)}};
}

void round_quota(std::vector<CgroupWrite>& writes) {
    const auto rounded = [](const Quota& wanted) {
        return per_second(*wanted.quota, wanted.period) * wanted.period / kSecond;
    };
    const auto first = quota_v1(writes);
    for (CgroupWrite& write : writes) {
        if (write.file == "cpu.max") {
            const Quota wanted = parse_cpu_max(write.value);
            if (!wanted.quota) continue;
            write.value = std::to_string(rounded(wanted)) + " " + std::to_string(wanted.period);
        } else if (write.file == "cpu.cfs_quota_us" && first->quota) {
            write.value = std::to_string(rounded(*first));
        }
    }
}

Result<std::vector<UnitProperty>> annotation_properties(
    const std::map<std::string, std::string>& annotations) {
    constexpr std::string_view kPrefix = "org.systemd.property.";
    std::vector<UnitProperty> properties;
    for (auto entry = annotations.lower_bound(std::string(kPrefix));
         entry != annotations.end() && entry->first.starts_with(kPrefix);
         ++entry) {
        auto property = TRY(parse_annotation(entry->first.substr(kPrefix.size()), entry->second));
        properties.push_back(std::move(property));
    }
    return properties;
}

}  // namespace dhow::oci
