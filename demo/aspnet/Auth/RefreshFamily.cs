namespace HubshareDemo.Auth;

/// <summary>One sign-in: the chain of refresh cookies that followed from it, of which only the newest generation is good.</summary>
public sealed record RefreshFamily(string Id, string User, int Generation, DateTimeOffset ExpiresAt);
