namespace BoundedCache;

/// <summary>How a request to give memory back to the operating system ended.</summary>
public enum ReleaseOutcome
{
    /// <summary>No release was requested (<see cref="ReleaseMode.None"/>) or needed (a limit was raised).</summary>
    NotRequested = 0,

    /// <summary>
    /// The garbage collector ran, and the process's memory fell by about what could be expected. Of a byte cache: it
    /// gave back what is free, without a collection; the report's reason says where more than the limit stayed.
    /// </summary>
    Released = 1,

    /// <summary>
    /// The garbage collector ran, and the process kept clearly more than it should need; the report's
    /// advice says what holds it.
    /// </summary>
    Partial = 2,

    /// <summary>
    /// The garbage collector was not run, or not yet, or the release ended before its collection did; the report's
    /// reason says why.
    /// </summary>
    Skipped = 3,

    /// <summary>
    /// The garbage collector ran, and what the process gave back is not known: its memory cannot be read here.
    /// </summary>
    Unknown = 4,
}
