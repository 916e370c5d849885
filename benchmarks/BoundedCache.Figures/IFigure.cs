namespace BoundedCache.Figures;

/// <summary>One of the project's figures: what it says, and how it is measured.</summary>
internal interface IFigure
{
    /// <summary>The name on the command line.</summary>
    string Name { get; }

    string Title { get; }

    /// <summary>Parts that may be run alone, as <c>name:text in a part</c> on the command line; none where the figure is one piece.</summary>
    IReadOnlyList<string> Parts => [];

    /// <summary>Measures, by child processes that run <see cref="Measure"/>, and answers the rows to show.</summary>
    /// <param name="parts">Which of <see cref="Parts"/> to run.</param>
    IEnumerable<Row> Run(IReadOnlyList<string> parts);

    /// <summary>Measures in this process, a child, and prints numbers with <see cref="Child.Answer"/>.</summary>
    void Measure(string[] args);
}

/// <summary>A line of a figure's table.</summary>
internal sealed record Row(string What, string Measured, string Bar = "");
