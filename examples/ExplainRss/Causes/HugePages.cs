using System.Runtime.InteropServices;

namespace BoundedCache.ExplainRss.Causes;

/// <summary>A large block in transparent huge pages, with one used byte in each 2 MiB.</summary>
internal sealed unsafe partial class HugePages : Cause
{
    private const nuint PageBytes = 2 * 1024 * 1024;
    private const int AdviseHugePage = 14;
    private const string SettingPath = "/sys/kernel/mm/transparent_hugepage/enabled";

    private void* _block;

    public override string Name => "huge-pages";

    public override string Description =>
        "Native memory in transparent huge pages, of which one byte in 2 MiB is used.";

    public override MemoryReportCause? Finding => MemoryReportCause.HugePages;

    /// <summary>Whether this machine's kernel gives huge pages on request.</summary>
    public static bool IsPossible =>
        File.Exists(SettingPath) && !File.ReadAllText(SettingPath).Contains("[never]", StringComparison.Ordinal);

    public override void Build(long bytes)
    {
        if (!IsPossible)
        {
            throw new ExplainException(
                ExitCode.Failed,
                $"{SettingPath} says never, or is not there; this machine makes no transparent huge pages");
        }

        nuint length = ((nuint)bytes / PageBytes * PageBytes) + PageBytes;
        _block = NativeMemory.AlignedAlloc(length, PageBytes);
        if (Advise(_block, length, AdviseHugePage) != 0)
        {
            throw new ExplainException(
                ExitCode.Failed, $"madvise(2) failed with error {Marshal.GetLastPInvokeError()}");
        }

        for (nuint offset = 0; offset < length; offset += PageBytes)
        {
            ((byte*)_block)[offset] = 1;
        }
    }

    public override void LetGo() => NativeMemory.AlignedFree(_block);

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    private static partial int Advise(void* address, nuint length, int advice);
}
