namespace BoundedCache.Packages.Tests;

/// <summary>Programs outside the repository that use the packages: no warnings, and the same counts in each.</summary>
[Collection("packages")]
[Trait("Category", "Packages")]
public sealed class ConsumerTests(PackedPackages packages)
{
    /// <summary>What this process counts, with the library as the repository builds it.</summary>
    private static readonly Lazy<Task<string>> s_expected = new(static async () =>
    {
        using var cache = new BoundedMemoryCache(
            new BoundedMemoryCacheOptions { MaxMemory = Counts.MaxMemory, YieldToMemoryPressure = false });
        return await Counts.OfAsync(cache);
    });

    private static readonly string? s_ci = Environment.GetEnvironmentVariable("CI");

    /// <summary>Errors of a restore that did not find a package.</summary>
    private static readonly string[] s_missing = ["NU1101", "NU1102", "NU1103"];

    [Fact]
    public async Task A_console_program_that_pins_the_lowest_versions_counts_the_same()
    {
        string output = await RunAsync("Console");
        Assert.Contains("abstractions: 10.0.0.0", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_console_program_with_the_next_major_version_of_the_abstractions_counts_the_same()
    {
        string output = await RunAsync("Newest");
        Assert.Contains("abstractions: 11.0.0.0", output, StringComparison.Ordinal);
    }

    [Fact]
    public Task A_worker_counts_the_same() => RunAsync("Worker");

    [Fact]
    public async Task A_minimal_API_counts_the_same_and_serves_its_admin_page() =>
        await AssertServedAsync(await RunAsync("MinimalApi"));

    [Fact]
    public async Task The_code_of_the_packages_readmes_compiles_and_shrinks_a_cache()
    {
        packages.ProgramOf("ReadmeWeb");
        ProgramResult run = await Dotnet.RunProgramAsync(packages.ProgramOf("Readme"), Path.GetTempPath());

        Assert.True(run.ExitCode == 0, run.Output);
        Assert.Contains("100 MiB", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_single_file_counts_the_same()
    {
        await RunAsync("SingleFile");
        Assert.DoesNotContain(
            Directory.EnumerateFiles(Path.GetDirectoryName(packages.ProgramOf("SingleFile"))!),
            static file => file.EndsWith(".dll", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_trimmed_service_counts_the_same_and_serves_its_admin_page() =>
        await AssertServedAsync(await RunAsync("Trimmed"));

    [Fact]
    public async Task A_natively_compiled_program_counts_the_same()
    {
        if (Linker() is not { } linker)
        {
            Skip("native AOT needs clang or gcc, and neither is on the PATH (apt-get install clang)", s_ci);
            return;
        }

        ProgramResult published = await packages.PublishAsync(
            "NativeAot", $"-p:CppCompilerAndLinker={linker}", "-p:StripSymbols=false");
        if (s_missing.Any(error => published.Output.Contains(error, StringComparison.Ordinal))
            && published.Output.Contains("ILCompiler", StringComparison.Ordinal))
        {
            Skip("native AOT needs the package of its compiler, which no source serves", s_ci);
            return;
        }

        Assert.True(published.ExitCode == 0, published.Output);
        Assert.DoesNotContain("warning ", published.Output, StringComparison.Ordinal);
        await RunProgramAsync(packages.PathOfProgram("NativeAot"));
    }

    private static async Task AssertServedAsync(string output)
    {
        // The second answer is the first one, out of the output cache.
        Assert.Contains($"again {await s_expected.Value}", output, StringComparison.Ordinal);
        Assert.Contains("health: Healthy", output, StringComparison.Ordinal);
        Assert.Contains("page: True", output, StringComparison.Ordinal);
        Assert.Contains("limit: 200 32768", output, StringComparison.Ordinal);
    }

    private static string? Linker() => Array.Find(["clang", "gcc"], static name =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Any(directory => directory.Length > 0 && File.Exists(Path.Combine(directory, name))));

    /// <summary>What every test here that lacks something ends with: in CI it fails.</summary>
    internal static void Skip(string why, string? ci)
    {
        Assert.False(ci == "true", $"With CI=true nothing is skipped, but {why}.");
        Console.Error.WriteLine($"Skipped: {why}.");
    }

    private static async Task<string> RunProgramAsync(string program)
    {
        ProgramResult run = await Dotnet.RunProgramAsync(program, Path.GetTempPath());
        Assert.True(run.ExitCode == 0, run.Output);
        Assert.Contains(await s_expected.Value, run.Output, StringComparison.Ordinal);
        return run.Output;
    }

    private Task<string> RunAsync(string consumer) => RunProgramAsync(packages.ProgramOf(consumer));
}
