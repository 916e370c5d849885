using System.Globalization;
using System.Text;

namespace BoundedCache.Tests.Report;

/// <summary>
/// Writes the text of <c>/proc/self/smaps</c> as the kernel does, mapping by mapping, in the order of addresses.
/// </summary>
internal sealed class MapText
{
    public const long MiB = 1024 * 1024;

    private readonly StringBuilder _text = new();
    private long _end;

    /// <summary>Moves on, so that the next mapping does not touch the last.</summary>
    public MapText At(long address)
    {
        _end = address;
        return this;
    }

    /// <summary>A mapping right after the last one.</summary>
    public MapText Add(
        long length, string access = "rw-p", string path = "", long resident = 0, long? anonymous = null, long huge = 0)
    {
        string place = string.Create(
            CultureInfo.InvariantCulture,
            $"{_end:x}-{_end + length:x} {access} 00000000 {(path.StartsWith('/') ? "fe:00 332396" : "00:00 0")} ");
        _text.Append(path.Length == 0 ? place : place.PadRight(73) + path).Append('\n');
        Line("Size:", length);
        Line("Rss:", resident);
        Line("Pss:", resident / 2);
        Line("Anonymous:", anonymous ?? (path.StartsWith('/') ? 0 : resident));
        Line("AnonHugePages:", huge);
        _text.Append("THPeligible:           0\nVmFlags: rd wr mr mw me ac sd \n");
        _end += length;
        return this;
    }

    /// <summary>Addresses that are reserved and not accessible.</summary>
    public MapText Reserve(long length) => Add(length, "---p");

    public override string ToString() => _text.ToString();

    private void Line(string name, long bytes) =>
        _text.Append(CultureInfo.InvariantCulture, $"{name,-16}{bytes / 1024,8} kB\n");
}
