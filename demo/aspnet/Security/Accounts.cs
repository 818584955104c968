using HubshareDemo.Auth;

namespace HubshareDemo.Security;

/// <summary>Who may not come in although the token is good: users that an administrator has blocked, and those in a file of the operator's.</summary>
public sealed class Accounts(DemoOptions options)
{
    /// <summary>The one that was blocked first goes first.</summary>
    private const int MostBlocked = 10_000;

    private readonly Lock gate = new();
    private readonly OrderedDictionary<string, bool> blocked = [];

    /// <exception cref="IOException">The file cannot be read: then nobody gets in.</exception>
    public bool IsBlocked(string userId)
    {
        lock (gate)
        {
            if (blocked.ContainsKey(userId))
            {
                return true;
            }
        }

        return options.BlockedUsersFile is { } file && File.ReadLines(file).Contains(userId);
    }

    /// <exception cref="RefusalException">401 AUTH_FAILED.</exception>
    public void Check(string userId)
    {
        if (IsBlocked(userId))
        {
            throw new RefusalException(Refusal.Blocked);
        }
    }

    public void Block(string userId)
    {
        lock (gate)
        {
            blocked.TryAdd(userId, true);
            if (blocked.Count > MostBlocked)
            {
                blocked.RemoveAt(0);
            }
        }
    }

    public void Unblock(string userId)
    {
        lock (gate)
        {
            blocked.Remove(userId);
        }
    }
}
