namespace BoundedCache.MemoryScenarios;

/// <summary>
/// A story about this process's memory, run alone in a process of its own. A class that derives from this one and has a
/// parameterless constructor is found by its name; nothing else needs to know of it.
/// </summary>
internal abstract class Scenario
{
    /// <summary>
    /// Plays the story. What must die before a release has to be made in a method of its own that is not inlined:
    /// without optimization a local variable keeps its object alive to the end of its method.
    /// </summary>
    /// <param name="empty">The process before anything was allocated.</param>
    /// <returns>What came of it.</returns>
    public abstract ScenarioResult Run(ProcessMemorySnapshot empty);
}
