using System.Globalization;

namespace BoundedCache.ShrinkDemo.Workloads;

/// <summary>
/// Entries of one size under numbered keys, written one after the other; the key's number is the value's stamp.
/// </summary>
internal sealed class GeneratedEntries(string keyPrefix, long entries, int valueBytes) : IWorkload
{
    private const int SpreadProbes = 1000;
    private const int NewestProbes = 100;

    /// <summary>A generous bound for a key, an array's header and a table slot, in bytes.</summary>
    private const long EntryOverheadBytes = 256;

    public string Description =>
        string.Create(CultureInfo.InvariantCulture, $"{entries:N0} entries of {ByteSize.Format(valueBytes)}");

    public string DoneLabel => string.Create(CultureInfo.InvariantCulture, $"{entries:N0} entries written");

    /// <summary>
    /// As many entries of this size as certainly fit into a quarter of the limit, but at most
    /// <paramref name="most"/>.
    /// </summary>
    public static GeneratedEntries FillingAQuarter(string keyPrefix, long limitBytes, long most, int valueBytes) =>
        new(keyPrefix, Math.Clamp(limitBytes / 4 / (valueBytes + EntryOverheadBytes), 1, most), valueBytes);

    public void Run(AccessLedger ledger, Action<WorkProgress> progress, CancellationToken cancellationToken)
    {
        for (long number = 0; number < entries; number++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ledger.Write(Key(number), valueBytes, (ulong)number);
            progress(new WorkProgress(number + 1, (number + 1) / (double)entries));
        }
    }

    public IEnumerable<Probe> Sample()
    {
        long step = Math.Max(1, entries / SpreadProbes);
        for (long number = 0; number < entries; number += step)
        {
            yield return Probe(number);
        }
    }

    public IEnumerable<Probe> Newest(long limitBytes)
    {
        long count = Math.Min(Math.Min(NewestProbes, entries), limitBytes / 2 / (valueBytes + EntryOverheadBytes));
        for (long number = entries - count; number < entries; number++)
        {
            yield return Probe(number);
        }
    }

    private Probe Probe(long number) => new(Key(number), (ulong)number);

    private string Key(long number) => string.Create(CultureInfo.InvariantCulture, $"{keyPrefix}:{number:D8}");
}
