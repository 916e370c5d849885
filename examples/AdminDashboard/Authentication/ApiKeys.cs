using System.Security.Cryptography;
using System.Text;

namespace BoundedCache.AdminDashboard.Authentication;

/// <summary>The two keys, and the role of each.</summary>
internal sealed class ApiKeys
{
    public const string ReadPolicy = "cache-read";
    public const string ChangePolicy = "cache-change";
    public const string ReaderRole = "cache-reader";
    public const string ChangerRole = "cache-changer";

    private const int LeastLength = 16;
    private const int GeneratedBytes = 24;

    private readonly byte[] _readerHash;
    private readonly byte[] _changerHash;

    private ApiKeys(string reader, string changer, bool areGenerated)
    {
        (Reader, Changer, AreGenerated) = (reader, changer, areGenerated);
        (_readerHash, _changerHash) = (Hash(reader), Hash(changer));
    }

    public string Reader { get; }

    public string Changer { get; }

    /// <summary>Whether the keys were generated for this run, so that they must be shown.</summary>
    public bool AreGenerated { get; }

    /// <summary>The keys of the configuration, or new ones if it has none.</summary>
    /// <exception cref="InvalidOperationException">
    /// Only one is set, one is too short to be secret, or they are the same.
    /// </exception>
    public static ApiKeys From(IConfiguration configuration)
    {
        string? reader = configuration["ReaderKey"];
        string? changer = configuration["ChangerKey"];
        if (reader is null && changer is null)
        {
            return new ApiKeys(Generate(), Generate(), areGenerated: true);
        }

        if (reader is not { Length: >= LeastLength } || changer is not { Length: >= LeastLength } || reader == changer)
        {
            throw new InvalidOperationException(
                $"Auth:ReaderKey and Auth:ChangerKey must both be set, be different, and have at least {LeastLength} "
                    + "characters each; leave out both to have them made up.");
        }

        return new ApiKeys(reader, changer, areGenerated: false);
    }

    /// <summary>The role that a key has; null for an unknown key.</summary>
    /// <remarks>
    /// Takes the same time for every wrong key: both keys are compared, as hashes of equal
    /// length, to their last byte.
    /// </remarks>
    public string? RoleOf(string key)
    {
        byte[] hash = Hash(key);
        bool reads = CryptographicOperations.FixedTimeEquals(hash, _readerHash);
        bool changes = CryptographicOperations.FixedTimeEquals(hash, _changerHash);
        return changes ? ChangerRole : reads ? ReaderRole : null;
    }

    private static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    private static string Generate() => RandomNumberGenerator.GetHexString(2 * GeneratedBytes, lowercase: true);
}
