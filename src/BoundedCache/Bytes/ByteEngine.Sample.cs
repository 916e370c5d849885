using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace BoundedCache.Bytes;

/// <summary>A sample of the entries, for what tells people which keys hold a cache's bytes.</summary>
internal sealed unsafe partial class ByteEngine
{
    /// <summary>Characters of a key that a sample copies.</summary>
    private const int SampledKey = 64;

    /// <summary>
    /// Copies the beginnings of some keys, evenly spread over the table, and what their entries are counted with. Looks
    /// at no more slots than it may copy, so a table with many free slots gives fewer entries. An entry that moves
    /// meanwhile may be copied twice or not at all.
    /// </summary>
    public List<(string Key, long Bytes)> Sample(int most)
    {
        const int Held = 32;
        var entries = new List<(string Key, long Bytes)>();
        Span<char> keys = stackalloc char[Held * SampledKey];
        Span<(int Length, long Bytes)> sizes = stackalloc (int, long)[Held];
        int end;
        using (_lock.EnterAfterOthers())
        {
            end = _table.End;
        }

        int step = (int)Math.Max(1, ((long)end - 1 + most - 1) / most);
        for (int next = 1 + (step / 2); next < end;)
        {
            int copied = 0;
            using (_lock.EnterAfterOthers())
            {
                end = Math.Min(end, _table.End);
                for (int looked = 0; looked < Held && next < end; looked++, next += step)
                {
                    ByteSlot* slot = _table.Slot(next);
                    if (slot->Place != 0)
                    {
                        var place = new Place(slot->Place);
                        int length = CopyKey_NeedsLock(place, keys.Slice(copied * SampledKey, SampledKey));
                        sizes[copied++] = (length, FootprintOf(place, slot->Length));
                    }
                }
            }

            for (int i = 0; i < copied; i++)
            {
                entries.Add((new string(keys.Slice(i * SampledKey, sizes[i].Length)), sizes[i].Bytes));
            }
        }

        return entries;
    }

    /// <summary>Copies the beginning of a key; all of it lies in the first slab.</summary>
    /// <returns>The characters that were copied.</returns>
    private int CopyKey_NeedsLock(Place place, Span<char> into)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        var bytes = new ReadOnlySpan<byte>(place.Block + place.Header, FirstKeyBytes(place));
        if (!place.IsWide)
        {
            return Encoding.Latin1.GetChars(bytes[..Math.Min(bytes.Length, into.Length)], into);
        }

        ReadOnlySpan<char> text = MemoryMarshal.Cast<byte, char>(bytes);
        text = text[..Math.Min(text.Length, into.Length)];
        text.CopyTo(into);
        return text.Length;
    }
}
