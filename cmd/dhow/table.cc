// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/table.h"

#include "cmd/dhow/exit_code.h"

#include <algorithm>

namespace dhow::cli {

namespace {

constexpr size_t kLeastWidth = 12;
constexpr size_t kPadding = 2;

// Code points, as tabwriter counts: bytes that do not continue a UTF-8 sequence.
size_t width_of(const std::string& cell) {
    return static_cast<size_t>(std::count_if(cell.begin(), cell.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
    }));
}

}  // namespace

std::string format_table(const std::vector<TableRow>& rows) {
    std::vector<TableRow> clean;
    std::vector<size_t> widths;
    for (const TableRow& row : rows) {
        TableRow cells;
        for (const std::string& cell : row) cells.push_back(on_one_line(cell));
        for (size_t column = 0; column + 1 < cells.size(); ++column) {
            if (widths.size() <= column) widths.resize(column + 1, kLeastWidth);
            widths[column] = std::max(widths[column], width_of(cells[column]) + kPadding);
        }
        clean.push_back(std::move(cells));
    }
    std::string out;
    for (const TableRow& row : clean) {
        for (size_t column = 0; column < row.size(); ++column) {
            out += row[column];
            if (column + 1 < row.size()) out.append(widths[column] - width_of(row[column]), ' ');
        }
        out += '\n';
    }
    return out;
}

}  // namespace dhow::cli
