using System.Runtime.CompilerServices;

namespace BoundedCache.Engine;

/// <summary>The stack of the buffers that are not empty.</summary>
internal sealed partial class TouchLog
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Push(TouchBuffer buffer)
    {
        Volatile.Write(ref buffer.IsPending, true);
        TouchBuffer? top = Volatile.Read(ref _lines.Pending);
        while (true)
        {
            buffer.NextPending = top;
            TouchBuffer? seen = Interlocked.CompareExchange(ref _lines.Pending, buffer, top);
            if (ReferenceEquals(seen, top))
            {
                return;
            }

            top = seen;
        }
    }

    /// <summary>
    /// Collects the buffers on the stack, and only then takes them off it: where memory is too short, they stay.
    /// Under the lock.
    /// </summary>
    private void TakePending()
    {
        _sources.Clear();
        TouchBuffer? collected = null;
        TouchBuffer? top = Volatile.Read(ref _lines.Pending);
        while (top != collected)
        {
            // Others only push, and none that is on the stack.
            for (TouchBuffer? buffer = top; buffer != collected; buffer = buffer!.NextPending)
            {
                _sources.Add(new Source(buffer!));
            }

            collected = top;
            top = Interlocked.CompareExchange(ref _lines.Pending, null, collected);
        }
    }
}
