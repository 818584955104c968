namespace HubshareDemo.Auth;

/// <summary>The verdict on a refresh cookie and, when it is valid, the family as it stands now.</summary>
public sealed record RefreshResult(RefreshVerdict Verdict, RefreshFamily? Family);
