namespace BoundedCache.AdminDashboard.Load;

/// <summary>A page of a shop as it would be sent: bytes, always the same for an id.</summary>
internal static class Page
{
    private const int LeastBytes = 4 << 10;
    private const int MostBytes = 32 << 10;

    public static byte[] Render(int id)
    {
        var random = new Random(id);
        byte[] page = new byte[random.Next(LeastBytes, MostBytes)];
        random.NextBytes(page);
        return page;
    }
}
