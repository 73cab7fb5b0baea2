// SPDX-License-Identifier: Apache-2.0
#include "emulator/emulator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "emulator/decoder.hpp"
#include "emulator/launch.hpp"

namespace cupel::emulator {
namespace {

constexpr std::uint64_t kMaxMemory = std::uint64_t{4} << 30;    // of all buffers
constexpr std::uint64_t kMaxModule = std::uint64_t{256} << 20;  // of a module's variables
constexpr std::uint64_t kMaxTrails = std::uint64_t{2} << 30;    // bytes of race state
constexpr std::uint64_t kMaxSharedBytes = 227 * 1024;
constexpr std::uint32_t kMostGridX = (std::uint32_t{1} << 31) - 1;
constexpr std::uint64_t kMostOfSample = std::uint64_t{1} << 32;

class Emulator final : public Device {
public:
    explicit Emulator(std::uint64_t places) : places_(places) {}

    Result<void> load(std::string_view ptx, std::string_view file) override {
        CUPEL_TRY(Module module, parse(ptx, file));
        auto memory = std::make_unique<GlobalMemory>(places_);
        std::uint64_t total = 0;
        for (const Variable& variable : module.variables)
            total += variable.bytes;
        if (total > kMaxModule) return fail(Errc::Invalid, "the module's variables are too large");
        std::vector<Region*> variables;
        for (const Variable& variable : module.variables) {
            const bool constant = variable.space == Space::Const;
            const std::uint64_t bytes = variable.space == Space::Shared ? 0 : variable.bytes;
            variables.push_back(&memory->add(std::make_unique<Region>(
                std::string(variable.name), constant ? Owner::Constant : Owner::ModuleVariable,
                Role::InOut, bytes)));
        }
        for (std::size_t i = 0; i < variables.size(); i++)
            initialise(module.variables[i], *variables[i], variables);
        module_ = std::move(module);
        memory_ = std::move(memory);
        variables_ = std::move(variables);
        buffers_.clear();
        codes_.clear();
        parameters_.clear();
        allocated_ = 0;
        return {};
    }

    [[nodiscard]] std::vector<KernelInfo> kernels() const override {
        std::vector<KernelInfo> infos;
        for (const Kernel& kernel : module_.kernels) {
            KernelInfo info{.name = std::string(kernel.name), .parameters = {}};
            for (const Index i : kernel.parameters) {
                const Variable& variable = kernel.variables[i];
                // A pointer that is declared __grid_constant__ is `.align 8 .b8 x[8]`.
                const bool word = variable.bytes == 8 && variable.align == 8;
                info.parameters.push_back({.name = std::string(variable.name),
                                           .bytes = variable.bytes,
                                           .pointer_sized = word || bytes_of(variable.type) == 8,
                                           .is_real = is_real(variable.type)});
            }
            infos.push_back(std::move(info));
        }
        return infos;
    }

    Result<BufferId> allocate(const BufferSpec& spec) override {
        if (memory_ == nullptr) return fail(Errc::Usage, "no module is loaded");
        const bool has_values = spec.role == Role::Input || spec.role == Role::InOut;
        if (spec.values.size() != (has_values ? spec.bytes : 0)) {
            return fail(Errc::Usage, fmt::format("{}: {} bytes of values for a buffer of {}",
                                                 spec.name, spec.values.size(), spec.bytes));
        }
        if (spec.bytes > kMaxMemory - allocated_) {
            return fail(Errc::Full, fmt::format("{}: no room for {} bytes", spec.name, spec.bytes));
        }
        allocated_ += spec.bytes;
        Region& region =
            memory_->add(std::make_unique<Region>(spec.name, Owner::Buffer, spec.role, spec.bytes));
        std::ranges::copy(spec.values, region.data.begin());
        if (has_values) std::ranges::fill(region.shadow, 0);
        buffers_.push_back(&region);
        return static_cast<BufferId>(buffers_.size() - 1);
    }

    [[nodiscard]] Result<std::vector<std::byte>> read(BufferId buffer) const override {
        if (buffer >= buffers_.size()) return fail(Errc::NotFound, "there is no such buffer");
        const Region& region = *buffers_[buffer];
        const auto bytes = static_cast<std::ptrdiff_t>(region.bytes);
        return std::vector<std::byte>(region.data.begin(), region.data.begin() + bytes);
    }

    Result<Report> launch(const Launch& launch, const Options& options) override {
        const auto kernel = std::ranges::find(module_.kernels, launch.kernel, &Kernel::name);
        if (kernel == module_.kernels.end()) {
            return fail(Errc::NotFound, fmt::format("there is no kernel '{}'", launch.kernel));
        }
        CUPEL_TRY(const Code* const code, code_of(*kernel));
        CUPEL_DO(check_shape(*kernel, *code, launch, options.sample > 0));
        Grid grid(*code, *memory_, options);
        grid.grid = launch.grid;
        grid.block = launch.block;
        grid.threads = launch.block.x * launch.block.y * launch.block.z;
        grid.blocks = std::uint64_t{launch.grid.x} * launch.grid.y * launch.grid.z;
        grid.dynamic_bytes = launch.shared_bytes;
        grid.shared_bytes = launch.shared_bytes == 0 ? code->shared_bytes
                                                     : code->dynamic_offset + launch.shared_bytes;
        CUPEL_TRY(grid.parameters, parameters_of(*kernel, launch));
        if (code->parameters_in_memory) grid.parameter_base = place_parameters(grid);
        for (const Region* const region : variables_)
            grid.module_addresses.push_back(region->base);
        grid.tally.warps.resize(code->ops.size());
        grid.tally.lanes.resize(code->ops.size());
        grid.shapes = Shapes(2 * code->sites.size());
        const auto before = prepare(*code, options.checks && options.sample == 0);
        run_grid(grid);
        Report report = make_report(grid, before, due_after(launch));
        report.registers_named = static_cast<std::uint32_t>(kernel->registers.size());
        return report;
    }

    Result<Timing> time(std::span<const Launch> /*launches*/, unsigned /*times*/) override {
        return Timing();
    }

private:
    static void initialise(const Variable& variable, Region& region,
                           const std::vector<Region*>& all) {
        if (region.bytes == 0) return;
        std::ranges::fill(region.data, std::byte{0});  // as CUDA does where nothing is said
        std::ranges::fill(region.shadow, 0);
        std::ranges::copy(variable.initial, region.data.begin());
        for (const Variable::Address& address : variable.addresses) {
            const std::uint64_t value = all[address.variable & ~kOfModule]->base +
                                        static_cast<std::uint64_t>(address.addend);
            std::memcpy(region.data.data() + address.offset, &value, sizeof value);
        }
    }

    Result<const Code*> code_of(const Kernel& kernel) {
        auto found = codes_.find(kernel.name);
        if (found == codes_.end()) {
            CUPEL_TRY(Code code, decode(module_, kernel));
            found = codes_.emplace(kernel.name, std::move(code)).first;
        }
        return &found->second;
    }

    static Result<void> check_shape(const Kernel& kernel, const Code& code, const Launch& launch,
                                    bool sampled) {
        const auto& [gx, gy, gz] = launch.grid;
        const auto& [bx, by, bz] = launch.block;
        if (gx == 0 || gy == 0 || gz == 0 || bx == 0 || by == 0 || bz == 0) {
            return fail(Errc::Usage, "an extent of the launch is 0");
        }
        if (bx > 1024 || by > 1024 || bz > 64 || std::uint64_t{bx} * by * bz > 1024) {
            return fail(Errc::Usage, "a block has at most 1024 threads, and 64 in z");
        }
        // Of 31 bits and twice 16: the product has 63.
        const std::uint64_t blocks = std::uint64_t{gx} * gy * gz;
        const std::uint64_t most = sampled ? kMostOfSample : kMostBlocks;
        if (gx > kMostGridX || gy > 65535 || gz > 65535 || blocks > most) {
            return fail(Errc::Usage,
                        fmt::format("a grid of {} x {} x {}: {} blocks are emulated at most", gx,
                                    gy, gz, most));
        }
        const auto& required = kernel.required_block;
        if (required[0] != 0 && (bx != required[0] || by != required[1] || bz != required[2])) {
            return fail(Errc::Usage, fmt::format("the kernel wants blocks of {} x {} x {}",
                                                 required[0], required[1], required[2]));
        }
        const auto& bounds = kernel.maximum_block;
        if (bounds[0] != 0 && bx * by * bz > bounds[0] * bounds[1] * bounds[2]) {
            return fail(Errc::Usage, "the block is larger than the kernel's __launch_bounds__");
        }
        if (code.dynamic_offset + launch.shared_bytes > kMaxSharedBytes) {
            return fail(Errc::Usage, "more shared memory than a block can have");
        }
        return {};
    }

    Result<std::vector<std::byte>> parameters_of(const Kernel& kernel, const Launch& launch) {
        if (launch.arguments.size() != kernel.parameters.size()) {
            return fail(Errc::Usage,
                        fmt::format("'{}' has {} parameters, found {}", kernel.name,
                                    kernel.parameters.size(), launch.arguments.size()));
        }
        std::vector<std::byte> bytes(kernel.parameter_bytes + 8);
        for (std::size_t i = 0; i < launch.arguments.size(); i++) {
            const Variable& parameter = kernel.variables[kernel.parameters[i]];
            std::vector<std::byte> value;
            if (const auto* const address = std::get_if<Address>(&launch.arguments[i])) {
                if (address->buffer >= buffers_.size())
                    return fail(Errc::NotFound, "there is no such buffer");
                const std::uint64_t pointer = buffers_[address->buffer]->base + address->offset;
                value.resize(sizeof pointer);
                std::memcpy(value.data(), &pointer, sizeof pointer);
            } else {
                value = std::get<std::vector<std::byte>>(launch.arguments[i]);
            }
            if (value.size() != parameter.bytes) {
                return fail(Errc::Usage,
                            fmt::format("parameter {} of '{}' has {} bytes, found {}", i,
                                        kernel.name, parameter.bytes, value.size()));
            }
            std::ranges::copy(value, bytes.begin() + static_cast<std::ptrdiff_t>(parameter.offset));
        }
        return bytes;
    }

    // Memory of their own for the parameters of a kernel that computes with their addresses.
    std::uint64_t place_parameters(const Grid& grid) {
        Region*& region = parameters_[grid.code.name];
        if (region == nullptr) {
            region = &memory_->add(std::make_unique<Region>("the parameters of the kernel",
                                                            Owner::Parameters, Role::Input,
                                                            grid.code.parameter_bytes));
            std::ranges::fill(region->shadow, 0);
        }
        std::copy_n(grid.parameters.begin(), grid.code.parameter_bytes, region->data.begin());
        return region->base;
    }

    [[nodiscard]] std::vector<const Region*> due_after(const Launch& launch) const {
        if (launch.due == Due::Later) return {};
        if (launch.due == Due::All) return {buffers_.begin(), buffers_.end()};
        std::vector<const Region*> named;
        for (const Argument& one : launch.arguments) {
            if (const auto* const address = std::get_if<Address>(&one)) {
                named.push_back(buffers_[address->buffer]);
            }
        }
        return named;
    }

    // Shadows as at the start of a launch, race state where something can be written.
    std::vector<std::vector<std::byte>> prepare(const Code& code, bool checks) {
        std::vector<std::vector<std::byte>> before;
        std::uint64_t room = kMaxTrails;
        for (const auto& region : memory_->regions()) {
            before.emplace_back();
            if (region->owner == Owner::ModuleVariable) {
                before.back().assign(
                    region->data.begin(),
                    region->data.begin() + static_cast<std::ptrdiff_t>(region->bytes));
            }
            // What one launch wrote the next may read: doubt stays, all else starts anew.
            const bool input = region->owner == Owner::Buffer && !region->writable();
            for (std::uint8_t& shade : region->shadow) {
                const bool read = input && (shade & (kRead | kReadBefore)) != 0;
                shade &= kPoison | kFromEnvironment;
                if (read) shade |= kReadBefore;
            }
            region->constant_site = kNoIndex;
            region->trails.clear();
            region->grain = code.global_grain;
            const std::uint64_t count = (region->bytes + region->grain - 1) / region->grain;
            if (!checks || !region->writable() || count * Trails::kBytes > room) continue;
            room -= count * Trails::kBytes;
            region->trails.start(count, code.has_strong());
        }
        return before;
    }

    std::uint64_t places_;
    Module module_;
    std::unique_ptr<GlobalMemory> memory_;
    std::vector<Region*> variables_;
    std::vector<Region*> buffers_;
    std::map<std::string_view, Code> codes_;
    std::map<std::string, Region*> parameters_;  // by kernel, where they have an address
    std::uint64_t allocated_ = 0;
};

}  // namespace

std::unique_ptr<Device> make_emulator(std::uint64_t places) {
    return std::make_unique<Emulator>(places);
}

}  // namespace cupel::emulator
